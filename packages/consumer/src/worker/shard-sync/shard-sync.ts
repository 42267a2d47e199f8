import { type ChildShard, compareSequenceNumbers } from "@kinesis-connectors/core";
import type { ListedShard } from "../../kinesis/kinesis-api.js";
import {
  firstCheckpoint,
  type HashKeyRange,
  type InitialPosition,
  type LeaseCheckpoint,
  type NewLease,
} from "@kinesis-connectors/leases";

/** The largest hash key: 2^128 - 1 (Kinesis API reference, HashKeyRange). */
export const MAX_HASH_KEY: bigint = (1n << 128n) - 1n;

/** What new leases begin with: the application's initial position, and the moment that makes LATEST concrete. */
export interface LeaseStart {
  readonly initialPosition: InitialPosition;
  /** Wall-clock time of the listing in epoch milliseconds. */
  readonly nowMs: number;
}

/** The leases of an empty table: one for every shard that was listed at the initial position, open or closed. */
export function leasesForEmptyTable(shards: readonly ListedShard[], start: LeaseStart): readonly NewLease[] {
  return inOrder(shards).map((shard) => leaseAtStart(shard, start));
}

/** The shards that are listed as open although children of theirs are listed too: the listing was taken during a reshard. */
export function inconsistentShards(shards: readonly ListedShard[]): readonly string[] {
  const open = new Set(shards.filter(isOpen).map(({ shardId }) => shardId));
  const found = new Set<string>();
  for (const shard of shards) for (const parent of parentsOf(shard)) if (open.has(parent)) found.add(parent);
  return [...found];
}

/**
 * The leases that are missing in a table that has some (amazon-kinesis-client `HierarchicalShardSyncer`): for every open shard
 * without a lease, the lease nearest to what has been read already. A descendant of a shard with a lease needs none now, because it
 * gets one at its parents' end; but parents of it that nobody reads do. At most one generation per call.
 */
export function leasesForMissingShards(
  shards: readonly ListedShard[],
  leased: ReadonlySet<string>,
  start: LeaseStart,
): readonly NewLease[] {
  const known = new Map(shards.map((shard) => [shard.shardId, shard]));
  const visited = new Map<string, boolean>();
  const wanted = new Set<string>();
  const created = new Map<string, NewLease>();
  const fromItsBeginning = start.initialPosition.type !== "latest";

  /** Whether the shard descends from one that is being read, or will be. */
  function isDescendant(shardId: string): boolean {
    const before = visited.get(shardId);
    if (before !== undefined) return before;
    const answer = visit(shardId);
    visited.set(shardId, answer);
    return answer;
  }

  function visit(shardId: string): boolean {
    const shard = known.get(shardId);
    if (shard === undefined) return false;
    if (leased.has(shardId)) return true;
    const parents = parentsOf(shard).filter((parent) => known.has(parent));
    const read = new Set(parents.filter((parent) => isDescendant(parent) || wanted.has(parent)));
    if (read.size === 0) {
      if (fromItsBeginning) wanted.add(shardId);
      return false;
    }
    for (const parentId of parents) {
      const parent = known.get(parentId);
      if (parent === undefined || leased.has(parentId)) continue;
      if (!created.has(parentId) && !wanted.has(parentId) && read.has(parentId)) continue;
      const continues = read.has(parentId) && start.initialPosition.type !== "at-timestamp";
      created.set(parentId, continues ? leaseAt(parent, "TRIM_HORIZON") : leaseAtStart(parent, start));
    }
    return true;
  }

  for (const shard of inOrder(shards.filter(isOpen)))
    if (!leased.has(shard.shardId) && !isDescendant(shard.shardId))
      created.set(shard.shardId, leaseAtStart(shard, start));
  return [...created.values()];
}

/**
 * The shards of a listing at the initial position, where the server does not know the filter and lists all of them (kinesalite,
 * kinesis-mock, moto): for LATEST those that are open, else those whose parents are not kept any more. The listing as it is where neither
 * covers all hash keys.
 */
export function shardsAtStart(
  shards: readonly ListedShard[],
  initialPosition: InitialPosition,
): readonly ListedShard[] {
  if (coverExactly(shards)) return shards;
  const listed = new Set(shards.map(({ shardId }) => shardId));
  const first = shards.filter((shard) =>
    initialPosition.type === "latest"
      ? isOpen(shard)
      : parentsOf(shard).every((parent) => !listed.has(parent)),
  );
  return coverExactly(first) ? first : shards;
}

/** Whether the ranges cover every hash key exactly once. */
export function coverExactly(ranges: readonly HashKeyRange[]): boolean {
  let next = 0n;
  for (const { start, end } of sorted(ranges)) {
    if (start !== next) return false;
    next = end + 1n;
  }
  return next === MAX_HASH_KEY + 1n;
}

/** The first part of the hash key space that no range covers; overlaps are no holes, because parents and children overlap. */
export function firstHole(ranges: readonly HashKeyRange[]): HashKeyRange | undefined {
  let next = 0n;
  for (const { start, end } of sorted(ranges)) {
    if (start > next) return { startingHashKey: `${next}`, endingHashKey: `${start - 1n}` };
    if (end >= next) next = end + 1n;
  }
  return next > MAX_HASH_KEY ? undefined : { startingHashKey: `${next}`, endingHashKey: `${MAX_HASH_KEY}` };
}

/** The shards that a shard came from: none, one (split) or two (merge). */
export function parentsOf(shard: ListedShard): readonly string[] {
  return [shard.parentShardId, shard.adjacentParentShardId].filter((parent) => parent !== undefined);
}

/** The children of a shard, as the stream lists them. */
export function childrenOf(shardId: string, shards: readonly ListedShard[]): readonly ChildShard[] {
  return shards
    .filter((shard) => parentsOf(shard).includes(shardId))
    .map((shard) => ({
      shardId: shard.shardId,
      parentShardIds: parentsOf(shard),
      startingHashKey: shard.startingHashKey,
      endingHashKey: shard.endingHashKey,
    }));
}

function isOpen(shard: ListedShard): boolean {
  return shard.endingSequenceNumber === undefined;
}

function leaseAtStart(shard: ListedShard, { initialPosition, nowMs }: LeaseStart): NewLease {
  const { checkpoint, ...start } = firstCheckpoint(initialPosition, nowMs);
  return { ...leaseAt(shard, checkpoint), ...start };
}

function leaseAt(shard: ListedShard, checkpoint: LeaseCheckpoint): NewLease {
  const { startingHashKey, endingHashKey } = shard;
  return {
    leaseKey: shard.shardId,
    checkpoint,
    parentShardIds: parentsOf(shard),
    hashKeyRange: { startingHashKey, endingHashKey },
  };
}

function inOrder(shards: readonly ListedShard[]): readonly ListedShard[] {
  return shards.toSorted(
    (a, b) =>
      compareSequenceNumbers(a.startingSequenceNumber, b.startingSequenceNumber) ||
      (a.shardId < b.shardId ? -1 : 1),
  );
}

function sorted(
  ranges: readonly HashKeyRange[],
): readonly { readonly start: bigint; readonly end: bigint }[] {
  return ranges
    .map(({ startingHashKey, endingHashKey }) => ({
      start: BigInt(startingHashKey),
      end: BigInt(endingHashKey),
    }))
    .toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.end < b.end ? -1 : 1));
}
