import { actualOwner, type Lease } from "./lease.js";
import { preparedBatchOf } from "./pending-state.js";
import { isPauseDone } from "./steering/refusals.js";

/** What a shard is doing, as far as its row says it. */
export type ShardState = "reading" | "handoff" | "unowned" | "waiting" | "pausing" | "paused" | "ended";

/** Who holds a shard: a worker of ours, or one of the Java KCL (any that does not speak our protocol). */
export type OwnerKind = "ours" | "kcl";

/** One shard of an application. Moments are epoch milliseconds; null where nothing is known. */
export interface ShardStatus {
  readonly shardId: string;
  readonly state: ShardState;
  readonly owner: string | null;
  readonly ownerKind: OwnerKind | null;
  /** Set during a handoff of KCL 3: the worker that gets the shard. */
  readonly nextOwner: string | null;
  /** Everything that arrived until then has been delivered and committed. Rows that only Java writes do not say it. */
  readonly readThroughMs: number | null;
  readonly deliveredAgoMs: number | null;
  readonly checkpoint: string;
  readonly subSequenceNumber: number;
  /** A batch that is prepared and not committed; `records` is null for one that is not ours. */
  readonly pending: { readonly records: number | null } | null;
  readonly parents: readonly string[];
  readonly children: readonly string[];
  readonly paused: { readonly sinceMs: number; readonly by: string | null; readonly isDone: boolean } | null;
  readonly ownerSwitches: number;
}

/** The facts of each shard out of its row. */
export function shardStatuses(leases: readonly Lease[], nowMs: number): readonly ShardStatus[] {
  const byKey = new Map(leases.map((lease) => [lease.leaseKey, lease]));
  return leases.map((lease) => statusOf(lease, byKey, nowMs));
}

/** Whether the owner of a lease speaks our protocol. */
export function ownerKindOf(lease: Lease): OwnerKind | null {
  const owner = actualOwner(lease);
  if (owner === undefined) return null;
  return owner === lease.protocolOwner ? "ours" : "kcl";
}

/** Whether a shard has been read to its end. */
export function isEnded(lease: Lease): boolean {
  return lease.checkpoint === "SHARD_END";
}

function statusOf(lease: Lease, byKey: ReadonlyMap<string, Lease>, nowMs: number): ShardStatus {
  const { checkpoint, readThroughMs, checkpointOwner } = lease;
  const state = stateOf(lease, byKey);
  return {
    shardId: lease.leaseKey,
    state,
    owner: actualOwner(lease) ?? null,
    ownerKind: ownerKindOf(lease),
    nextOwner: checkpointOwner === undefined ? null : (lease.owner ?? null),
    readThroughMs: readThroughMs ?? null,
    deliveredAgoMs:
      readThroughMs === undefined || state === "ended" ? null : Math.max(0, nowMs - readThroughMs),
    checkpoint: typeof checkpoint === "string" ? checkpoint : checkpoint.sequenceNumber,
    subSequenceNumber: typeof checkpoint === "string" ? 0 : checkpoint.subSequenceNumber,
    pending: pendingOf(lease),
    parents: lease.parentShardIds,
    children: lease.childShardIds,
    paused:
      lease.pausedMs === undefined
        ? null
        : { sinceMs: lease.pausedMs, by: lease.pausedBy ?? null, isDone: isPauseDone(lease) },
    ownerSwitches: lease.ownerSwitches,
  };
}

function stateOf(lease: Lease, byKey: ReadonlyMap<string, Lease>): ShardState {
  if (isEnded(lease)) return "ended";
  const isWaiting = lease.parentShardIds.some((id) => {
    const parent = byKey.get(id);
    return parent !== undefined && !isEnded(parent);
  });
  if (isWaiting) return "waiting";
  if (lease.pausedMs !== undefined) return isPauseDone(lease) ? "paused" : "pausing";
  if (lease.checkpointOwner !== undefined) return "handoff";
  return lease.owner === undefined ? "unowned" : "reading";
}

/** Another application's bytes say nothing of how many records they stand for. */
function pendingOf({ pending }: Lease): ShardStatus["pending"] {
  if (pending === undefined) return null;
  const batch = pending.state === undefined ? undefined : preparedBatchOf(pending.state);
  return { records: batch?.recordCount ?? null };
}
