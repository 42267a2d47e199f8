import type { ShardSnapshot } from "./progress.js";

/** The same, while it is added up. */
export type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** What is counted of one shard. */
export interface ShardTally extends Writable<Omit<ShardSnapshot, "readThroughMs" | "retentionLeftMs">> {
  /** When it came to its end, on the monotonic clock. */
  endedMs: number | undefined;
}

/** Of a shard that was begun at this wall time. */
export function newTally(shardId: string, sinceMs: number): ShardTally {
  return {
    shardId,
    state: "reading",
    sinceMs,
    pausedSinceMs: undefined,
    recordsRead: 0,
    bytesRead: 0,
    recordsEmitted: 0,
    recordsFiltered: 0,
    deadLetters: 0,
    recordsOfOtherShards: 0,
    millisBehindLatest: undefined,
    bufferedRecords: 0,
    bufferedBytes: 0,
    batchUnderWay: undefined,
    checkpoint: undefined,
    lastCommitMs: undefined,
    lastPageMs: undefined,
    failingSinceMs: undefined,
    endedMs: undefined,
  };
}
