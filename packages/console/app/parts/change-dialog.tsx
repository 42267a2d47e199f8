import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConsoleState } from "../../src/index.js";
import { type Change, commandOf } from "../model/commands.js";
import { counted, duration, shortOwner, shortShard } from "../model/format.js";
import type { Row } from "../model/rows.js";
import type { Watch } from "../model/watch.js";
import { Command } from "./command.js";
import { ResetForm } from "./reset-form.js";
import { StateMark } from "./mark.js";

interface ChangeDialogProps {
  readonly watch: Watch;
  readonly state: ConsoleState;
  readonly rows: readonly Row[];
  readonly verb: Change["verb"];
  readonly shardIds: readonly string[] | undefined;
  readonly close: () => void;
}

/** A change before it is made: what would happen to which shards, and the command line that does the same. */
export function ChangeDialog({ watch, state, rows, verb, shardIds, close }: ChangeDialogProps): VNode {
  const chosen = rows.filter(
    ({ shardId, state: is, paused }) =>
      (shardIds === undefined ? is !== "ended" : shardIds.includes(shardId)) &&
      (verb !== "resume" || paused !== null),
  );
  const what =
    shardIds?.length === 1 ? `shard ${shortShard(shardIds[0] ?? "")}` : counted(chosen.length, "shard");
  const title = `${verb === "pause" ? "Pause" : verb === "resume" ? "Resume" : "Reset"} ${what}`;
  return (
    <Modal title={title} close={close}>
      {verb === "reset" ? (
        <ResetForm watch={watch} state={state} shardIds={shardIds} close={close} />
      ) : (
        <Steering watch={watch} state={state} chosen={chosen} verb={verb} shardIds={shardIds} close={close} />
      )}
    </Modal>
  );
}

interface SteeringProps extends Omit<ChangeDialogProps, "rows" | "verb"> {
  readonly chosen: readonly Row[];
  readonly verb: "pause" | "resume";
}

const MAX_LISTED = 12;

function Steering({ watch, state, chosen, verb, shardIds, close }: SteeringProps): VNode {
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const { application, fleet, nowMs } = state;
  const go = (): void => {
    setBusy(true);
    watch.steer(verb, shardIds).then(close, (thrown: unknown) => {
      setBusy(false);
      setProblem(thrown instanceof Error ? thrown.message : String(thrown));
    });
  };
  return (
    <>
      <p>
        {verb === "pause"
          ? "Their owners finish what they have read, commit, and hold the shards without reading them: through restarts and takeovers, until they are resumed. Records wait in the stream."
          : "Their owners see it at their next look, and go on from the checkpoint."}
      </p>
      {chosen.length === 0 ? (
        <p class="quiet">Nothing is paused.</p>
      ) : (
        <table class="plan">
          <caption class="hidden">Shards that this is about</caption>
          <thead>
            <tr>
              <th scope="col">Shard</th>
              <th scope="col">State</th>
              <th scope="col">Owner</th>
              {verb === "resume" && (
                <th scope="col" class="number">
                  Paused for
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {chosen.slice(0, MAX_LISTED).map(({ shardId, state: is, owner, paused }) => (
              <tr key={shardId}>
                <th scope="row">{shortShard(shardId)}</th>
                <td>
                  <StateMark state={is} />
                </td>
                <td>{owner === null ? "–" : shortOwner(owner)}</td>
                {verb === "resume" && (
                  <td class="number">{paused === null ? "–" : duration(nowMs - paused.sinceMs)}</td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {chosen.length > MAX_LISTED && <p class="quiet">and {chosen.length - MAX_LISTED} more</p>}
      <Command text={commandOf({ verb, shardIds }, { application, leaseTable: fleet?.leaseTable })} />
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <p class="actions">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class="main" disabled={isBusy || chosen.length === 0} onClick={go}>
          {verb === "pause" ? "Pause" : "Resume"}
        </button>
      </p>
    </>
  );
}

interface ModalProps {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

/** The browser's own dialogue: it keeps the focus, and Escape closes it. */
function Modal({ title, close, children }: ModalProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={close}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}
