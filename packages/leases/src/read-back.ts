import { compareCheckpoints, type Lease, type PendingCheckpoint } from "./lease.js";
import type { LeaseChange } from "./lease-table.js";

/** Whether an operator has moved the shard since (`executeReset`): it was paused, its owner had stopped, and both owner and place are others now. */
export function wasReset(row: Lease, before: Lease): boolean {
  return (
    row.owner === undefined &&
    row.checkpointOwner === undefined &&
    row.pausedMs !== undefined &&
    row.pauseDoneMs !== undefined &&
    row.counter > before.counter &&
    compareCheckpoints(row.checkpoint, before.checkpoint) !== 0
  );
}

/** Whether a row shows that it was given back, or to its next owner, who may have renewed it already. */
export function isGivenAway(row: Lease, before: Lease, change: LeaseChange): boolean {
  if (change.type === "evict") return row.owner === undefined && row.counter === before.counter + 1;
  return (
    change.type === "assign" &&
    row.owner === change.owner &&
    row.checkpointOwner === undefined &&
    row.counter > before.counter
  );
}

/** Whether the row is what the change makes of `before`: somebody else may have raised the counter, by a reset of the checkpoint for example. */
export function carries(row: Lease, change: LeaseChange, before: Lease): boolean {
  switch (change.type) {
    case "renew":
      return (
        sameProgress(row, before) &&
        (change.pauseDoneMs === undefined || row.pauseDoneMs === change.pauseDoneMs)
      );
    case "prepare":
      return sameProgress(row, { ...before, pending: change.pending });
    case "commit":
      return sameProgress(row, { checkpoint: change.checkpoint, pending: undefined });
    default:
      return false;
  }
}

/** Whether two rows stand at the same place, with the same batch prepared. */
export function sameProgress(
  a: Pick<Lease, "checkpoint" | "pending">,
  b: Pick<Lease, "checkpoint" | "pending">,
): boolean {
  return compareCheckpoints(a.checkpoint, b.checkpoint) === 0 && samePending(a.pending, b.pending);
}

function samePending(a: PendingCheckpoint | undefined, b: PendingCheckpoint | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (compareCheckpoints(a.checkpoint, b.checkpoint) !== 0) return false;
  if (a.state === undefined || b.state === undefined) return a.state === b.state;
  return Buffer.compare(a.state, b.state) === 0;
}
