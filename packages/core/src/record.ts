import type { KinesisConnectorError } from "./errors.js";

/**
 * A position in a shard. The sequence number is an opaque decimal string of up to 56 digits; the sub-sequence number counts the
 * user records inside one aggregated record and is 0 everywhere else.
 */
export interface Position {
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
}

/** Sequence numbers compare as integers: by length, then by text. They do not fit a number, and BigInt is not needed. */
export function compareSequenceNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Negative when `a` comes before `b` in the shard, 0 when they are equal. */
export function comparePositions(a: Position, b: Position): number {
  return (
    compareSequenceNumbers(a.sequenceNumber, b.sequenceNumber) || a.subSequenceNumber - b.subSequenceNumber
  );
}

/** The position alone: a record is one too, and its data must not come along into a lease row or an event. */
export function positionOf({ sequenceNumber, subSequenceNumber }: Position): Position {
  return { sequenceNumber, subSequenceNumber };
}

/** One user record: what a producer put, after aggregated records were taken apart. */
export interface KinesisRecord extends Position {
  /** The bytes as they were put. May be a view into a larger page: copy what must outlive the batch. */
  readonly data: Uint8Array;
  readonly partitionKey: string;
  /** Set when the producer chose the hash key itself (known for aggregated records only). */
  readonly explicitHashKey?: string | undefined;
  /** `ApproximateArrivalTimestamp` in epoch milliseconds: when the stream received the record. */
  readonly arrivalTimeMs: number;
  /**
   * The bytes in which `data` lies, from `dataStart` to `dataEnd`, exclusive: for those who read them at once and keep nothing of them. It spares the view, and
   * lets the page serve again. Absent: take `data`.
   */
  readonly page?: Buffer | undefined;
  readonly dataStart?: number | undefined;
  readonly dataEnd?: number | undefined;
  /** Set by the reader when the record cannot be delivered as it is (a damaged aggregate): it goes the way of a poison record. */
  readonly failure?: KinesisConnectorError | undefined;
}

/** The records of one answer, in stream order: a reader hands them over together. */
export interface RecordPage {
  readonly records: readonly KinesisRecord[];
  /** Bytes that the page keeps in memory; counts against the read-ahead limit. */
  readonly bytes: number;
  /** Bytes of the records' data, as producers put it. Default: `bytes`, where a source keeps nothing else in memory. */
  readonly dataBytes?: number;
  /**
   * Called once, when none of the records will be looked at any more: the page's memory may serve again. Not called while any of them is kept; then it is
   * the garbage collector's. Default: always that.
   */
  readonly release?: () => void;
  /** Distance from the end of this page to the tip of the shard, as the service said. */
  readonly millisBehindLatest?: number | undefined;
  /** How long the call took that brought it, in milliseconds. Default: how long `next` took, its waiting included. */
  readonly durationMs?: number | undefined;
  /** The position up to which was read, where that is past the last record handed over (records dropped by the hash-range rule). */
  readonly scannedEnd?: Position | undefined;
  /** Set on the last page of a closed shard: the shards that follow it. Empty when the shard is gone from the stream. */
  readonly shardEnd?: { readonly childShards: readonly ChildShard[] } | undefined;
  /**
   * Set on the last page of a source that has no more although the shard goes on, such as the records of one Lambda invocation or of one range of
   * time: what was read is flushed (reason `end`) and committed, and the engine ends with the outcome `ended`. `shardEnd` comes before it.
   */
  readonly end?: true | undefined;
  /** Set when records before this page are gone: the position that was asked for, and can no longer be read. */
  readonly gap?: { readonly expected: Position } | undefined;
}

/** A shard that follows a closed one, as GetRecords and SubscribeToShard report it (API reference, ChildShard). */
export interface ChildShard {
  readonly shardId: string;
  readonly parentShardIds: readonly string[];
  readonly startingHashKey: string;
  readonly endingHashKey: string;
}

/** The position at which reading a shard begins. `after` is exclusive and `at` inclusive, both down to the sub-sequence number. */
export type StartPosition =
  | { readonly type: "trim-horizon" }
  | { readonly type: "latest" }
  | { readonly type: "at-timestamp"; readonly timestampMs: number }
  | { readonly type: "at"; readonly position: Position }
  | { readonly type: "after"; readonly position: Position };

/**
 * Reads one shard, one page at a time. The engine calls `next` again only after the last call settled. It resolves with an empty
 * page now and then when nothing arrives (so that lag is known), retries what can be retried by itself, and rejects only with
 * what no waiting mends. An aborted signal makes it reject or resolve at once, with whatever.
 */
export interface ShardReader {
  readonly next: (signal: AbortSignal) => Promise<RecordPage>;
  readonly close: () => Promise<void>;
}

/** Opens readers of one shard. */
export interface ShardSource {
  readonly open: (start: StartPosition) => ShardReader;
}

/** Length of a record's data in bytes, without making the view. */
export function dataBytesOf(record: KinesisRecord): number {
  const { dataStart, dataEnd } = record;
  return dataStart === undefined || dataEnd === undefined ? record.data.length : dataEnd - dataStart;
}

/** A record that needs its page no more. */
export function detached(record: KinesisRecord): KinesisRecord {
  const { sequenceNumber, subSequenceNumber, partitionKey, explicitHashKey, arrivalTimeMs, failure, page } =
    record;
  return {
    sequenceNumber,
    subSequenceNumber,
    // Copied only where the page may go: a record that was made by hand is left as it is.
    data: page === undefined ? record.data : Uint8Array.from(page.subarray(record.dataStart, record.dataEnd)),
    partitionKey,
    explicitHashKey,
    arrivalTimeMs,
    failure,
  };
}
