import type { ChildShard } from "@kinesis-connectors/core";

/**
 * The part of Kinesis that a consumer of one stream needs, as plain values: bound to its stream, errors classified, pages one at a
 * time. `sdk-kinesis.ts` speaks to the service; a simulation brings its own. Every function rejects with `KinesisCallError`.
 */
export interface KinesisApi {
  /** `DescribeStreamSummary`. */
  readonly describeStream: (signal?: AbortSignal) => Promise<StreamSummary>;
  /**
   * One page of `ListShards`. The first page takes the filter; a later one only the token, because the service refuses a token
   * together with a stream or a filter (API reference; amazon-kinesis-client#788).
   */
  readonly listShards: (request: ListShardsRequest, signal?: AbortSignal) => Promise<ShardsPage>;
  /** `GetShardIterator`: an iterator is good for one read within 5 minutes. */
  readonly getShardIterator: (
    shardId: string,
    position: IteratorPosition,
    signal?: AbortSignal,
  ) => Promise<string>;
  /** `GetRecords`: at most 10,000 records or 10 MiB, 5 calls per second and shard, shared with all other consumers. */
  readonly getRecords: (iterator: string, limit: number, signal?: AbortSignal) => Promise<RecordsAnswer>;
  /** `DescribeStreamConsumer` by name; `undefined` when no consumer of that name is registered. */
  readonly describeConsumer: (
    streamArn: string,
    consumerName: string,
    signal?: AbortSignal,
  ) => Promise<StreamConsumer | undefined>;
  /** `RegisterStreamConsumer`. */
  readonly registerConsumer: (
    streamArn: string,
    consumerName: string,
    signal?: AbortSignal,
  ) => Promise<StreamConsumer>;
  /**
   * `SubscribeToShard`. Resolves once the service has accepted the subscription. The events end after at most 5 minutes; they are
   * read from the connection only as they are asked for, so a slow reader slows the service down and nothing grows.
   */
  readonly subscribeToShard: (
    consumerArn: string,
    shardId: string,
    position: IteratorPosition,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<SubscriptionEvent>>;
  /** Closes the connections that this port opened itself; a client that the caller gave stays open. */
  readonly close: () => void;
}

/** The start of an iterator or a subscription: `ShardIteratorType` and its argument. */
export type IteratorPosition =
  | { readonly type: "trim-horizon" }
  | { readonly type: "latest" }
  | { readonly type: "at-timestamp"; readonly timestampMs: number }
  | { readonly type: "at-sequence-number"; readonly sequenceNumber: string }
  | { readonly type: "after-sequence-number"; readonly sequenceNumber: string };

/** A stream, as the service describes it. */
export interface StreamSummary {
  readonly streamName: string;
  readonly streamArn: string;
  readonly status: "CREATING" | "DELETING" | "ACTIVE" | "UPDATING";
  /** Retention of records, in hours (24 to 8,760). */
  readonly retentionHours: number;
  readonly openShardCount: number;
  /** When it was created, in epoch milliseconds; undefined where the server does not say. */
  readonly createdMs?: number | undefined;
}

/** Which shards to list; without a filter all of them, open and closed. */
export type ListShardsRequest =
  | { readonly filter?: ShardListFilter | undefined; readonly nextToken?: undefined }
  | { readonly nextToken: string };

/** `ShardFilter` of ListShards. */
export type ShardListFilter =
  | { readonly type: "at-trim-horizon" }
  | { readonly type: "at-latest" }
  | { readonly type: "at-timestamp"; readonly timestampMs: number };

/** One page of shards; a token when there are more (a page holds up to 1,000). */
export interface ShardsPage {
  readonly shards: readonly ListedShard[];
  readonly nextToken: string | undefined;
}

/** A shard as `ListShards` reports it. */
export interface ListedShard {
  readonly shardId: string;
  readonly parentShardId: string | undefined;
  readonly adjacentParentShardId: string | undefined;
  /** Decimal numbers from 0 to 2^128 - 1; both ends belong to the shard. */
  readonly startingHashKey: string;
  readonly endingHashKey: string;
  readonly startingSequenceNumber: string;
  /** Present when the shard is closed. */
  readonly endingSequenceNumber: string | undefined;
}

/** A record as the stream keeps it, before an aggregate in it has been taken apart. */
export interface StreamRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  /** Epoch milliseconds. */
  readonly arrivalTimeMs: number;
}

/** An answer to `GetRecords`. */
export interface RecordsAnswer {
  readonly records: readonly StreamRecord[];
  /** Absent at the end of a closed shard. */
  readonly nextIterator: string | undefined;
  readonly millisBehindLatest: number | undefined;
  /** Present, and not empty, at the end of a closed shard. */
  readonly childShards: readonly ChildShard[] | undefined;
}

/** A registered consumer of a stream with its own throughput. */
export interface StreamConsumer {
  readonly consumerArn: string;
  readonly status: "CREATING" | "DELETING" | "ACTIVE";
}

/** One event of a subscription. */
export interface SubscriptionEvent {
  readonly records: readonly StreamRecord[];
  /** The sequence number after which the next subscription goes on; absent at the end of a closed shard. */
  readonly continuationSequenceNumber: string | undefined;
  readonly millisBehindLatest: number | undefined;
  readonly childShards: readonly ChildShard[] | undefined;
}

/**
 * The kind of a failed call, by what the caller can do about it.
 *
 * - `throttled`: too many calls or bytes; again after a back-off.
 * - `limit`: too many control calls or too many of something; again after a while.
 * - `expired-iterator`, `expired-token`: 5 minutes passed; get a new one.
 * - `not-found`: no such stream, shard or consumer.
 * - `in-use`: the resource is changing, or another subscription of the same consumer is still counted.
 * - `invalid-argument`: the service refuses what was asked for.
 * - `access-denied`: no rights, on the stream or on its encryption key.
 * - `no-credentials`: none can be had at present, or the session is over until whoever provides them gives others.
 * - `credentials`: wrong ones, a session that nobody renews, or no region.
 * - `clock`: signed at another time than the service's, even after the client corrected its clock.
 * - `proxy`: a proxy on the way asks for credentials, or for others.
 * - `wire-format`: the server writes the form that was asked for otherwise than Kinesis does.
 * - `transient`: everything that waiting may mend: 5xx, time-outs, resets, names that do not resolve.
 */
export type KinesisErrorKind =
  | "throttled"
  | "limit"
  | "expired-iterator"
  | "expired-token"
  | "not-found"
  | "in-use"
  | "invalid-argument"
  | "access-denied"
  | "no-credentials"
  | "credentials"
  | "clock"
  | "proxy"
  | "wire-format"
  | "transient";

/** A call to Kinesis that failed, classified. It stays inside this package: what users see is a `KinesisConnectorError`. */
export class KinesisCallError extends Error {
  override readonly name = "KinesisCallError";
  readonly kind: KinesisErrorKind;
  readonly operation: string;
  /** Whether what failed had worked: the same right, or any credentials. Then it is an outage, and no mistake of whoever set it up. */
  readonly hasWorked: boolean;

  constructor(
    operation: string,
    kind: KinesisErrorKind,
    message: string,
    options: ErrorOptions & { readonly hasWorked?: boolean } = {},
  ) {
    super(message, options);
    this.operation = operation;
    this.kind = kind;
    this.hasWorked = options.hasWorked === true;
  }
}

/** Whether `error` is a failed call of one of these kinds. */
export function isKind(error: unknown, ...kinds: readonly KinesisErrorKind[]): error is KinesisCallError {
  return error instanceof KinesisCallError && kinds.includes(error.kind);
}

/** Whether no waiting mends a failure: the service refuses what was asked for, or what is missing was never there. */
export function isForGood(error: unknown): boolean {
  if (isKind(error, "invalid-argument", "credentials", "proxy", "wire-format")) return true;
  return isKind(error, "access-denied", "no-credentials") && !error.hasWorked;
}
