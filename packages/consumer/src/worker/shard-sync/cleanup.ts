import type { ListedShard } from "../../kinesis/kinesis-api.js";
import type { HeldLease, Lease, LeaseTable } from "@kinesis-connectors/leases";
import { parentsOf } from "./shard-sync.js";
import { listAllShards, type ShardListing } from "./all-shards.js";

/** What becomes of the row of a shard that was read to its end. `ask-stream`: only a listing of the stream can tell. */
export type CleanupVerdict = "delete" | "keep" | "ask-stream";

/**
 * A finished row is needed until every child has begun and no parent row is left: children wait for it, and the audit counts on it
 * (amazon-kinesis-client `LeaseCleanupManager`). A child at LATEST counts as begun.
 */
export function cleanupVerdict(lease: Lease, leases: ReadonlyMap<string, Lease>): CleanupVerdict {
  if (lease.checkpoint !== "SHARD_END") return "keep";
  if (lease.parentShardIds.some((parent) => leases.has(parent))) return "keep";
  if (lease.childShardIds.length === 0) return "ask-stream";
  for (const childId of lease.childShardIds) {
    const child = leases.get(childId);
    if (child === undefined) return "ask-stream";
    if (child.checkpoint === "TRIM_HORIZON" || child.checkpoint === "AT_TIMESTAMP") return "keep";
  }
  return "delete";
}

/**
 * The same with a listing of all shards: a shard that the stream does not keep any more is garbage. Otherwise the children named there
 * are what the row should have said.
 */
export function cleanupVerdictFrom(
  lease: Lease,
  shards: readonly ListedShard[],
): { readonly verdict: "delete" | "keep"; readonly childShardIds: readonly string[] } {
  const isListed = shards.some(({ shardId }) => shardId === lease.leaseKey);
  const children = shards.filter((shard) => parentsOf(shard).includes(lease.leaseKey));
  return { verdict: isListed ? "keep" : "delete", childShardIds: children.map(({ shardId }) => shardId) };
}

export interface CleanupOptions extends ShardListing {
  readonly table: LeaseTable;
  /** The leases of finished shards that this worker holds. */
  readonly finished: () => readonly HeldLease[];
  readonly deleted: (held: HeldLease) => void;
}

/** One look at the finished shards of this worker: deletes the rows that nobody needs any more. */
export async function cleanUp(options: CleanupOptions): Promise<void> {
  const { table, finished, deleted } = options;
  const ended = finished();
  if (ended.length === 0) return;
  const leases = new Map((await table.list()).map((lease) => [lease.leaseKey, lease]));
  let shards: readonly ListedShard[] | undefined;
  for (const held of ended) {
    const lease = leases.get(held.shardId);
    if (lease === undefined) continue;
    let verdict = cleanupVerdict(lease, leases);
    if (verdict === "ask-stream") {
      shards ??= await listAllShards(options);
      const answer = cleanupVerdictFrom(lease, shards);
      ({ verdict } = answer);
      if (verdict === "keep" && lease.childShardIds.length === 0 && answer.childShardIds.length > 0)
        await table.describe(lease.leaseKey, { childShardIds: answer.childShardIds });
    }
    if (verdict !== "delete" || held.gone.aborted) continue;
    await table.remove(held.shardId);
    leases.delete(held.shardId);
    deleted(held);
  }
}
