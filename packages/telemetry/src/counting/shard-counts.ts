/** What is counted for each shard: plain numbers, so that an event costs a few additions. */
export interface ShardCounts {
  recordsRead: number;
  bytesRead: number;
  recordsEmitted: number;
  recordsFiltered: number;
  deadLetters: number;
  inheritedRecords: number;
  foreignRecords: number;
  retentionGaps: number;
}

/** The counters that have a series for each shard, and where their numbers are. */
export const SHARD_COUNTERS: readonly (readonly [name: string, key: keyof ShardCounts])[] = [
  ["records.read", "recordsRead"],
  ["read.size", "bytesRead"],
  ["records.emitted", "recordsEmitted"],
  ["records.filtered", "recordsFiltered"],
  ["records.dead_lettered", "deadLetters"],
  ["records.inherited", "inheritedRecords"],
  ["records.foreign", "foreignRecords"],
  ["retention.gaps", "retentionGaps"],
];

export function noCounts(): ShardCounts {
  return {
    recordsRead: 0,
    bytesRead: 0,
    recordsEmitted: 0,
    recordsFiltered: 0,
    deadLetters: 0,
    inheritedRecords: 0,
    foreignRecords: 0,
    retentionGaps: 0,
  };
}

/** A shard that this process has or had. */
export interface CountedShard {
  readonly counts: ShardCounts;
  /** The attributes of all its series: one object, so that an outlet may keep what it made of it. */
  readonly attributes: Readonly<Record<string, string>>;
  /** How far reading was behind the tip, as the service said last. */
  millisBehindLatest: number | undefined;
  /** Since when this process has it no more, on the monotonic clock. */
  goneMs: number | undefined;
}

/**
 * How long the series of a shard stay after this process let it go: the last things counted are still read by whoever asks every few minutes. Then they
 * go, or every reshard and every take would leave some behind for good.
 */
export const GONE_FOR_MS = 600_000;

/** ...and at most so many wait at once: a fleet that deals its shards anew may let go of thousands in a minute. */
export const MAX_GONE = 200;
