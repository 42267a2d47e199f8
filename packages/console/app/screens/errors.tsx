import type { ComponentChildren, VNode } from "preact";
import type { ConsoleProcess, ConsoleState } from "../../src/index.js";
import type { Asks } from "../model/asks.js";
import { ago, clockTime, count, NOTHING, shortOwner, shortPosition } from "../model/format.js";
import { ShardLink } from "../parts/shard-link.js";
import { type Column, WindowedTable } from "../parts/windowed-table.js";

interface ErrorRow {
  readonly id: string;
  readonly owner: string;
  readonly error: ConsoleProcess["errors"][number];
}

const COLUMNS: readonly Column<never>[] = [
  { id: "time", title: "Last (UTC)", from: 1 },
  { id: "age", title: "Age", isNumber: true, from: 3 },
  { id: "code", title: "Code", from: 1 },
  { id: "cause", title: "Cause", from: 2 },
  { id: "shard", title: "Shard", from: 1 },
  { id: "type", title: "Event", from: 2 },
  { id: "count", title: "Times", isNumber: true, from: 1 },
  { id: "attempt", title: "Try", isNumber: true, from: 3 },
  { id: "batch", title: "Batch", from: 3 },
  { id: "position", title: "Position", isNumber: true, from: 3 },
  { id: "owner", title: "Worker", from: 3 },
];

/** What went wrong in the connected processes last: codes and positions, never a payload. */
export function Errors({ state, asks }: { readonly state: ConsoleState; readonly asks: Asks }): VNode {
  const items = state.processes
    .flatMap(({ errors, snapshot, url }) =>
      errors.map((error): ErrorRow => {
        const owner = snapshot?.ownerId ?? url ?? "";
        return {
          id: [owner, error.type, error.shardId, error.operation, error.code, error.cause].join(" "),
          owner,
          error,
        };
      }),
    )
    .toSorted((a, b) => b.error.lastMs - a.error.lastMs);
  const hasLive = state.processes.some(({ snapshot }) => snapshot !== null);
  return (
    <>
      <div class="tools">
        <h2>Errors</h2>
        <span class="quiet">the last 100 of each connected process: codes and positions, no payload</span>
      </div>
      <WindowedTable<ErrorRow, never>
        caption="Errors"
        columns={COLUMNS}
        items={items}
        idOf={({ id }) => id}
        cell={(item, column) => cellOf(item, column, state.nowMs, asks)}
        empty={
          hasLive
            ? "Nothing went wrong since the start."
            : "Errors are what a process tells by its admin server: start the console with --connect http://127.0.0.1:9464"
        }
      />
    </>
  );
}

function cellOf({ owner, error }: ErrorRow, column: string, nowMs: number, asks: Asks): ComponentChildren {
  const { shardId, position } = error;
  switch (column) {
    case "time":
      return <span class="mono">{clockTime(error.lastMs)}</span>;
    case "age":
      return ago(nowMs - error.lastMs);
    case "code":
      return <code>{error.code}</code>;
    case "cause":
      return error.cause === undefined ? NOTHING : <code>{error.cause}</code>;
    case "shard":
      return shardId === undefined ? NOTHING : <ShardLink shardId={shardId} asks={asks} />;
    case "type":
      return error.operation === undefined ? error.type : `${error.type} ${error.operation}`;
    case "count":
      return count(error.count);
    case "attempt":
      return count(error.attempt);
    case "batch":
      return error.batchId === undefined ? (
        NOTHING
      ) : (
        <code title={error.batchId}>{error.batchId.slice(0, 12)}</code>
      );
    case "position":
      return position === undefined ? (
        NOTHING
      ) : (
        <span class="mono">{shortPosition(position.sequenceNumber, position.subSequenceNumber)}</span>
      );
    default:
      return owner === "" ? NOTHING : <span title={owner}>{shortOwner(owner)}</span>;
  }
}
