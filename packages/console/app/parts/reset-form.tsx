import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { ConsoleReset, ConsoleState } from "../../src/index.js";
import { choiceFrom, commandOf, type ResetChoice, targetOf } from "../model/commands.js";
import { counted, duration, NOTHING, shortPosition, shortShard } from "../model/format.js";
import type { Watch } from "../model/watch.js";
import { Command } from "./command.js";

interface ResetFormProps {
  readonly watch: Watch;
  readonly state: ConsoleState;
  readonly shardIds: readonly string[] | undefined;
  readonly close: () => void;
}

const KINDS: readonly { readonly type: ResetChoice["type"]; readonly title: string }[] = [
  { type: "horizon", title: "the oldest record that the stream still has" },
  { type: "time", title: "a time" },
  { type: "position", title: "a position" },
  { type: "latest", title: "the newest: what lies between is skipped" },
];

/** A reset in three steps: where to, the plan, the application's name. */
export function ResetForm({ watch, state, shardIds, close }: ResetFormProps): VNode {
  const { application, fleet } = state;
  const [kind, setKind] = useState<ResetChoice["type"]>("horizon");
  const [text, setText] = useState("");
  const [discardPending, setDiscard] = useState(false);
  const [plan, setPlan] = useState<ConsoleReset | undefined>(undefined);
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const to = choiceFrom(kind, text);
  const ask = (execute: boolean): void => {
    if (to === undefined) return;
    setBusy(true);
    setProblem(undefined);
    watch
      .reset({ shardIds, to: targetOf(to), discardPending, execute })
      .then(setPlan, (thrown: unknown) =>
        setProblem(thrown instanceof Error ? thrown.message : String(thrown)),
      )
      .finally(() => setBusy(false));
  };
  const changed = <Value,>(set: (value: Value) => void) => {
    return (value: Value): void => {
      set(value);
      setPlan(undefined);
      setTyped("");
    };
  };
  const isDone = plan?.executed === true;
  const mayExecute = plan !== undefined && !plan.plan.isRefused && plan.plan.shards.length > 0;
  return (
    <>
      <fieldset disabled={isBusy || isDone}>
        <legend>Begin again at</legend>
        {KINDS.map(({ type, title }) => (
          <label key={type} class="choice">
            <input type="radio" name="to" checked={kind === type} onChange={() => changed(setKind)(type)} />{" "}
            {title}
          </label>
        ))}
        {(kind === "time" || kind === "position") && (
          <label class="text">
            {kind === "time"
              ? "Time with its zone, such as 2026-11-29T03:00Z"
              : "Sequence number, or number.sub"}
            <input
              type="text"
              value={text}
              spellcheck={false}
              aria-invalid={text !== "" && to === undefined}
              onInput={(event) => changed(setText)(event.currentTarget.value)}
            />
          </label>
        )}
        <label class="choice">
          <input
            type="checkbox"
            checked={discardPending}
            onChange={(event) => changed(setDiscard)(event.currentTarget.checked)}
          />{" "}
          forget a batch that was prepared and not committed
        </label>
      </fieldset>
      {plan !== undefined && <Plan answer={plan} />}
      {to !== undefined && (
        <Command
          text={commandOf(
            { verb: "reset", shardIds, to, discardPending },
            { application, leaseTable: fleet?.leaseTable },
          )}
        />
      )}
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {mayExecute && !isDone && (
        <label class="text">
          To go on, type the application's name: {application}
          <input
            type="text"
            value={typed}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
      )}
      <p class="actions">
        <button type="button" onClick={close}>
          {isDone ? "Close" : "Cancel"}
        </button>
        {!isDone &&
          (mayExecute ? (
            <button
              type="button"
              class="danger"
              disabled={isBusy || typed !== application}
              onClick={() => ask(true)}
            >
              {isBusy ? "Resetting…" : "Reset"}
            </button>
          ) : (
            <button
              type="button"
              class="main"
              disabled={isBusy || to === undefined}
              onClick={() => ask(false)}
            >
              {isBusy ? "Making the plan…" : plan === undefined ? "Show the plan" : "Make a new plan"}
            </button>
          ))}
      </p>
    </>
  );
}

/** The plan as the command line shows it. */
function Plan({ answer }: { readonly answer: ConsoleReset }): VNode {
  const { plan, executed, backupFile } = answer;
  const { shards, warnings, isRefused } = plan;
  const cures = new Set(shards.flatMap(({ refusal }) => refusal?.cure ?? []));
  const moved = shards.filter(({ isThere }) => isThere !== true).length;
  const there = moved === shards.length ? "" : `, ${shards.length - moved} already there and left alone`;
  const head = executed
    ? `${counted(moved, "shard has", "shards have")} been reset${there}`
    : `${counted(moved, "shard")} would be moved${there}; nothing has been changed`;
  return (
    <div aria-live="polite">
      <p>
        <b>{isRefused ? "Refused: nothing has been changed" : head}.</b>
      </p>
      <div class="scroll low" tabIndex={0} role="region" aria-label="Plan">
        <table class="plan">
          <caption class="hidden">Plan of the reset</caption>
          <thead>
            <tr>
              <th scope="col">Shard</th>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col" class="number">
                Back by
              </th>
              <th scope="col">Remark</th>
            </tr>
          </thead>
          <tbody>
            {shards.map(({ shardId, from, to, backMs, isThere, refusal }) => (
              <tr key={shardId}>
                <th scope="row">{shortShard(shardId)}</th>
                <td>{placeText(from, undefined)}</td>
                <td>{placeText(to.checkpoint, to.startTimestampMs)}</td>
                <td class="number">{backMs === undefined ? NOTHING : duration(backMs)}</td>
                <td class={refusal === undefined ? "" : "warn"}>
                  {refusal !== undefined
                    ? `refused: ${refusal.reason}`
                    : isThere === true
                      ? "already there"
                      : executed
                        ? "reset"
                        : ""}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {warnings.map((warning) => (
        <p key={warning}>Note: {warning}.</p>
      ))}
      {[...cures].map((cure) => (
        <p key={cure} class="warn">
          Cure: {cure}.
        </p>
      ))}
      {executed && <p>Paused shards stay so until they are resumed.</p>}
      {backupFile !== undefined && (
        <p>
          The rows as they were: <code>{backupFile}</code>
        </p>
      )}
    </div>
  );
}

function placeText(
  checkpoint: string | { readonly sequenceNumber: string; readonly subSequenceNumber: number },
  startTimestampMs: number | undefined,
): string {
  if (typeof checkpoint === "object")
    return shortPosition(checkpoint.sequenceNumber, checkpoint.subSequenceNumber);
  if (checkpoint === "AT_TIMESTAMP" && startTimestampMs !== undefined)
    return `at ${new Date(startTimestampMs).toISOString().slice(0, 19)}Z`;
  return checkpoint;
}
