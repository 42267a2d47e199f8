import type { ComponentChildren, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Asks } from "../model/asks.js";
import { ago, counted, duration } from "../model/format.js";
import { hasNoWorker, kclModeOf } from "../model/verdict.js";
import type { View } from "../model/watch.js";

/** What is not as usual, above every screen: each in a sentence, with what to do. */
export function Banners({ view, asks }: { readonly view: View; readonly asks: Asks }): VNode {
  const { state, rows, link } = view;
  if (state === undefined) return <>{link.type === "lost" && <Lost sinceMs={link.sinceMs} />}</>;
  const { trouble, fleet, access } = state;
  const open = rows.filter((row) => row.state !== "ended");
  const paused = open.filter((row) => row.paused !== null);
  const isAllPaused = open.length > 0 && paused.length === open.length;
  const noWorker = hasNoWorker(state, open);
  const mode = kclModeOf(fleet?.fleetMode);
  const silent = state.processes.filter(({ problem }) => problem !== null);
  const since = Math.min(...paused.map((row) => row.paused?.sinceMs ?? Number.POSITIVE_INFINITY));
  const by = paused.find((row) => row.paused?.by !== null)?.paused?.by;
  return (
    <>
      {link.type === "lost" && <Lost sinceMs={link.sinceMs} />}
      {trouble !== null && (
        <Banner mood={trouble.kind === "not-configured" ? "note" : "warn"} title={TITLES[trouble.kind]}>
          {trouble.action !== null && <code>{trouble.action}</code>} {trouble.message}.
        </Banner>
      )}
      {noWorker && (
        <Banner mood="bad" title="No worker runs">
          {counted(open.length, "open shard has", "open shards have")} nobody who reads{" "}
          {open.length === 1 ? "it" : "them"}. Nothing is lost while the stream keeps its records. Start one:{" "}
          <code>kinesis-connectors run FILE</code>
        </Banner>
      )}
      {isAllPaused && (
        <Banner
          mood="note"
          title="All shards are paused"
          action={
            access === "allowed" && (
              <button type="button" onClick={() => asks.change("resume", undefined)}>
                Resume all…
              </button>
            )
          }
        >
          {by !== undefined && by !== null && <>By {by}, </>}
          {Number.isFinite(since) ? ago(state.nowMs - since) : ""}. Workers hold the shards and read nothing;
          records wait in the stream.
        </Banner>
      )}
      {mode !== undefined && (
        <Banner mood="note" title="KCL 3">
          {mode}
        </Banner>
      )}
      {silent.map(({ url, problem }) => (
        <Banner key={url} mood="warn" title={`No answer of ${url ?? "a process"}`}>
          {problem}
        </Banner>
      ))}
    </>
  );
}

const TITLES = {
  "no-rights": "A right is missing",
  throttled: "DynamoDB throttles",
  "no-table": "No lease table",
  "not-configured": "This process alone",
  unreachable: "The lease table does not answer",
} as const;

function Lost({ sinceMs }: { readonly sinceMs: number }): VNode {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Banner mood="bad" title="Connection lost">
      The server of this page has not answered for {duration(nowMs - sinceMs)}. What is shown is from before;
      it is asked again every other second. The connectors do not need it.
    </Banner>
  );
}

interface BannerProps {
  readonly mood: "note" | "warn" | "bad";
  readonly title: string;
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

function Banner({ mood, title, action, children }: BannerProps): VNode {
  return (
    <section class={`banner ${mood}`} aria-label={title}>
      <p>
        <b>{title}.</b> {children}
      </p>
      {action}
    </section>
  );
}
