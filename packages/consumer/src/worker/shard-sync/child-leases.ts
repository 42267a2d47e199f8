import type { ChildShard, Random } from "@kinesis-connectors/core";
import type { LeaseTable, NewLease } from "@kinesis-connectors/leases";
import { listAllShards, type ShardListing } from "./all-shards.js";

/**
 * What can be done for the children of a shard that ended. `created`: they have leases. `wait`: the other parent of a merge has no
 * lease yet. `invalid`: the children do not name this shard as a parent, so this was no real end.
 */
export type ChildLeases = "created" | "wait" | "invalid";

/**
 * Creates the leases of the shards that follow `shardId`; leases that exist already stay as they are, so that this may be done again
 * after a crash. The child of a merge has two parents; while only one of them has a lease, its creation would let it start before the
 * other parent was read, or wait for ever, so it is put off (amazon-kinesis-client `ShutdownTask`). A parent that the stream does
 * not keep any more needs no lease.
 */
export async function createChildLeases(
  table: LeaseTable,
  listing: ShardListing,
  shardId: string,
  childShards: readonly ChildShard[],
): Promise<ChildLeases> {
  if (childShards.some(({ parentShardIds }) => !parentShardIds.includes(shardId))) return "invalid";
  const [only] = childShards;
  if (childShards.length === 1 && only?.parentShardIds.length === 2) {
    const other = only.parentShardIds.find((parent) => parent !== shardId);
    const [own, others] = [
      await table.get(shardId),
      other === undefined ? undefined : await table.get(other),
    ];
    if (
      own !== undefined &&
      others === undefined &&
      (await table.get(only.shardId)) === undefined &&
      (await listAllShards(listing)).some((shard) => shard.shardId === other)
    )
      return "wait";
  }
  for (const child of childShards) await table.create(childLease(child));
  return "created";
}

/** A child is read from its beginning: everything in it came after its parents' last record. */
function childLease({ shardId, parentShardIds, startingHashKey, endingHashKey }: ChildShard): NewLease {
  return {
    leaseKey: shardId,
    checkpoint: "TRIM_HORIZON",
    parentShardIds,
    hashKeyRange: { startingHashKey, endingHashKey },
  };
}

/** Of 30 times that a merge is put off, about one lets the lease go, so that the owner of the other parent may get both. */
export function shouldLetGo(random: Random): boolean {
  return random.next() < 1 / 30;
}
