import type { ComponentChildren, VNode } from "preact";
import type { ConsoleState } from "../../src/index.js";
import type { Asks } from "../model/asks.js";
import { bytes, count, counted, fineDuration, NOTHING, shortOwner } from "../model/format.js";
import type { Row } from "../model/rows.js";
import { ShardLink } from "../parts/shard-link.js";
import { type Column, WindowedTable } from "../parts/windowed-table.js";

const COLUMNS: readonly Column<never>[] = [
  { id: "shard", title: "Shard", from: 1 },
  { id: "stage", title: "Stage", from: 1 },
  { id: "records", title: "Records", isNumber: true, from: 1 },
  { id: "bytes", title: "Size", isNumber: true, from: 2 },
  { id: "since", title: "For", isNumber: true, from: 1 },
  { id: "tries", title: "Tries failed", isNumber: true, from: 2 },
  { id: "error", title: "Last error", from: 2 },
  { id: "batch", title: "Batch", from: 3 },
  { id: "owner", title: "Worker", from: 3 },
];

interface BatchesProps {
  readonly state: ConsoleState;
  readonly rows: readonly Row[];
  readonly asks: Asks;
}

/** What is between reading and committing: buffers that fill, batches on their way, and those that a row remembers. */
export function Batches({ state, rows, asks }: BatchesProps): VNode {
  const items = rows
    .filter(
      ({ live, pending }) =>
        pending !== null || live?.batchUnderWay !== undefined || (live?.bufferedRecords ?? 0) > 0,
    )
    .toSorted((a, b) => failed(b) - failed(a) || (a.shardId < b.shardId ? -1 : 1));
  const emitting = items.filter(({ live }) => live?.batchUnderWay !== undefined).length;
  const retried = items.filter((row) => failed(row) > 0).length;
  const hasLive = state.processes.some(({ snapshot }) => snapshot !== null);
  return (
    <>
      <div class="tools">
        <h2>Batches under way</h2>
        <span class="quiet">
          {counted(emitting, "batch", "batches")} on the way to the destination, {retried} tried again
        </span>
      </div>
      <WindowedTable<Row, never>
        caption="Batches under way"
        columns={COLUMNS}
        items={items}
        idOf={({ shardId }) => shardId}
        rowClass={(row) => (failed(row) > 0 ? "unowned" : "")}
        cell={(row, column) => cellOf(row, column, state.nowMs, asks)}
        empty={
          hasLive
            ? "Everything that was read has been committed."
            : "No row remembers a batch that was prepared and not committed. Buffers are seen with --connect."
        }
      />
    </>
  );
}

function failed({ live }: Row): number {
  return live?.batchUnderWay?.failedAttempts ?? 0;
}

function cellOf(row: Row, column: string, nowMs: number, asks: Asks): ComponentChildren {
  const { live, pending } = row;
  const batch = live?.batchUnderWay;
  switch (column) {
    case "shard":
      return <ShardLink shardId={row.shardId} asks={asks} />;
    case "stage":
      return batch !== undefined ? (
        failed(row) > 0 ? (
          <span class="warn">tried again</span>
        ) : (
          "emitting"
        )
      ) : pending !== null ? (
        "prepared"
      ) : (
        "filling"
      );
    case "records":
      return count(batch?.records ?? (pending === null ? live?.bufferedRecords : pending.records));
    case "bytes":
      return bytes(live?.bufferedBytes);
    case "since":
      return batch === undefined ? NOTHING : fineDuration(nowMs - batch.sinceMs);
    case "tries":
      return batch === undefined ? NOTHING : count(batch.failedAttempts);
    case "error":
      return batch?.lastError === undefined ? NOTHING : <code>{batch.lastError}</code>;
    case "batch":
      return batch === undefined ? NOTHING : <code title={batch.batchId}>{batch.batchId.slice(0, 12)}</code>;
    default:
      return row.owner === null ? NOTHING : <span title={row.owner}>{shortOwner(row.owner)}</span>;
  }
}
