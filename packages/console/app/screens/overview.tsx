import type { ComponentChildren, VNode } from "preact";
import type { ConsoleState } from "../../src/index.js";
import type { Asks } from "../model/asks.js";
import {
  ago,
  bytes,
  count,
  counted,
  duration,
  fineDuration,
  NOTHING,
  rate,
  shortOwner,
  shortShard,
} from "../model/format.js";
import { type Row, sorted } from "../model/rows.js";
import { behindOf, deliveredOf } from "../model/verdict.js";
import type { View } from "../model/watch.js";
import { Chart } from "../parts/chart.js";
import { HashBar } from "../parts/hash-bar.js";
import { StateMark } from "../parts/mark.js";
import { Sparkline } from "../parts/sparkline.js";

interface OverviewProps {
  readonly view: View;
  readonly state: ConsoleState;
  readonly asks: Asks;
}

/** Is it alive, how far behind, who has what, what wants attention: on one page. */
export function Overview({ view, state, asks }: OverviewProps): VNode {
  const { rows, history } = view;
  const { samples, last } = history;
  const open = rows.filter((row) => row.state !== "ended");
  const paused = open.filter(({ paused: is }) => is !== null).length;
  const delivered = deliveredOf(open);
  const live = state.processes.flatMap(({ snapshot }) => (snapshot === null ? [] : [snapshot]));
  const hasLive = live.length > 0;
  const retention = lowest(open.map((row) => row.live?.retentionLeftMs));
  const retrying = open.filter(({ live: shard }) => (shard?.batchUnderWay?.failedAttempts ?? 0) > 0).length;
  const wanting = open.filter(({ attention }) => attention !== null);
  const late = sorted(
    open.filter(({ paused: is, deliveredAgoMs }) => is === null && deliveredAgoMs !== null),
    { key: "delivered", isDescending: true },
  ).slice(0, 6);
  const workers = state.fleet?.workers ?? [];
  const renewing = workers.filter(({ isRenewing }) => isRenewing !== false).length;
  const atMs = samples.map((sample) => sample.atMs);
  const buffered = open.reduce((sum, { live: shard }) => sum + (shard?.bufferedRecords ?? 0), 0);
  const bufferedBytes = open.reduce((sum, { live: shard }) => sum + (shard?.bufferedBytes ?? 0), 0);
  return (
    <>
      <h2 class="hidden">Overview</h2>
      <dl class="tiles">
        <Tile
          name="Delivered"
          figure={delivered === null ? NOTHING : ago(delivered)}
          note="the shard furthest behind"
        >
          <Sparkline
            values={samples.map((sample) => sample.deliveredS)}
            width={96}
            height={24}
            atLeast={10}
          />
        </Tile>
        <Tile
          name="Read"
          figure={hasLive ? rate(last?.readPerS) : NOTHING}
          unit="records/s"
          note={hasLive ? `behind the tip ${fineDuration(behindOf(open))}` : "no process connected"}
        >
          <Sparkline values={samples.map((sample) => sample.readPerS)} width={96} height={24} />
        </Tile>
        <Tile
          name="Emitted"
          figure={hasLive ? rate(last?.emittedPerS) : NOTHING}
          unit="records/s"
          note={hasLive ? `${count(buffered)} waiting, ${bytes(bufferedBytes)}` : "no process connected"}
        >
          <Sparkline values={samples.map((sample) => sample.emittedPerS)} width={96} height={24} />
        </Tile>
        <Tile
          name="Shards"
          figure={count(open.length)}
          note={`${paused === 0 ? "none" : count(paused)} paused, ${count(rows.length - open.length)} ended`}
        />
        <Tile
          name="Workers"
          figure={state.fleet === null ? count(live.length) : count(renewing)}
          note={
            workers.length > renewing
              ? `${workers.length - renewing} not renewing`
              : renewing === 0 && !hasLive
                ? "none renews"
                : "all renew"
          }
        />
        <Tile
          name="Retention left"
          figure={retention === undefined ? NOTHING : duration(retention)}
          note={hasLive ? `${counted(retrying, "batch", "batches")} tried again` : "no process connected"}
        />
      </dl>
      <div class="pair">
        <Chart
          title="Delivery lag"
          says={`delivered ${delivered === null ? "unknown" : ago(delivered)}`}
          atMs={atMs}
          lines={[
            { title: "delivered", values: samples.map((sample) => sample.deliveredS) },
            { title: "reading", values: samples.map((sample) => sample.behindS) },
          ]}
          shown={(seconds) => (Number.isInteger(seconds) ? duration : fineDuration)(seconds * 1000)}
          steps={TIME_STEPS}
        />
        {hasLive ? (
          <Chart
            title="Records per second"
            says={`read ${rate(last?.readPerS)}, emitted ${rate(last?.emittedPerS)}`}
            atMs={atMs}
            lines={[
              { title: "emitted", values: samples.map((sample) => sample.emittedPerS) },
              { title: "read", values: samples.map((sample) => sample.readPerS) },
            ]}
            shown={short}
          />
        ) : (
          <div class="card hint">
            <h3>Records per second</h3>
            <p class="quiet">
              The lease table does not say it. A process does: start the console with{" "}
              <code>--connect http://127.0.0.1:9464</code>
            </p>
          </div>
        )}
      </div>
      <section aria-labelledby="keys">
        <h3 id="keys">Hash keys</h3>
        <HashBar rows={rows} choose={asks.shard} />
      </section>
      {wanting.length > 0 && (
        <section aria-labelledby="attention">
          <h3 id="attention">Attention</h3>
          <ul class="list">
            {wanting.slice(0, 6).map((row) => (
              <Wanting key={row.shardId} row={row} asks={asks} />
            ))}
            {wanting.length > 6 && (
              <li>
                <a href="#/shards">and {wanting.length - 6} more</a>
              </li>
            )}
          </ul>
        </section>
      )}
      <div class="pair">
        <section aria-labelledby="late">
          <h3 id="late">Furthest behind</h3>
          {late.length === 0 ? (
            <p class="quiet">No row says until when it has delivered.</p>
          ) : (
            <ul class="list late">
              {late.map((row) => (
                <li key={row.shardId}>
                  <button type="button" class="plain link" onClick={() => asks.shard(row.shardId)}>
                    shard {shortShard(row.shardId)}
                  </button>
                  <StateMark state={row.state} />
                  <Sparkline values={history.ofShard(row.shardId)} width={140} atLeast={10} />
                  <span class="figure">{ago(row.deliveredAgoMs)}</span>
                </li>
              ))}
            </ul>
          )}
        </section>
        <section aria-labelledby="who">
          <h3 id="who">Workers</h3>
          {workers.length === 0 ? (
            <p class="quiet">
              {state.fleet === null ? "Only this process is seen." : "Nobody owns a shard."}
            </p>
          ) : (
            <ul class="list workers">
              {workers.slice(0, 8).map(({ owner, shards, renewedAgoMs, isRenewing, kind }) => (
                <li key={owner}>
                  <a href="#/workers" class="mono" title={owner}>
                    {shortOwner(owner)}
                  </a>
                  {kind === "kcl" && <span class="tag">kcl</span>}
                  <span class="share" aria-hidden="true">
                    <span style={{ width: `${(100 * shards) / Math.max(1, open.length)}%` }} />
                  </span>
                  <span class="figure">
                    {count(shards)} {shards === 1 ? "shard" : "shards"}
                  </span>
                  <span class={isRenewing === false ? "warn figure" : "quiet figure"}>
                    {renewedAgoMs === null ? "watching" : `renewed ${ago(renewedAgoMs)}`}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </section>
      </div>
    </>
  );
}

/** Steps of an axis of seconds, up to two days, at which its figures are round. */
const TIME_STEPS: readonly number[] = [
  0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400,
  172_800,
];

interface TileProps {
  readonly name: string;
  readonly figure: string;
  readonly unit?: string;
  readonly note: string;
  readonly children?: ComponentChildren;
}

function Tile({ name, figure, unit, note, children }: TileProps): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="big">
          {figure}
          {unit !== undefined && <small> {unit}</small>}
        </span>
        {children}
        <span class="quiet note">{note}</span>
      </dd>
    </div>
  );
}

function Wanting({ row, asks }: { readonly row: Row; readonly asks: Asks }): VNode {
  return (
    <li>
      <button type="button" class="plain link" onClick={() => asks.shard(row.shardId)}>
        shard {shortShard(row.shardId)}
      </button>
      <StateMark state={row.state} />
      <span>{row.attention}</span>
    </li>
  );
}

function lowest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** A figure for an axis: `12k`. */
function short(value: number): string {
  if (value >= 10_000_000) return `${Math.round(value / 1_000_000)}M`;
  if (value >= 10_000) return `${Math.round(value / 1_000)}k`;
  return rate(value);
}
