import type { KnownNames } from "../known-options.js";

const MiB = 1024 * 1024;

/**
 * The numbers Kinesis holds its callers to. Sources: "Quotas and limits" of the Kinesis Data Streams developer guide
 * and the operations' pages of its API reference.
 */
export interface KinesisLimits {
  /** PutRecords: entries per request. */
  readonly putRecordsEntries: number;
  /** PutRecords: data and keys of a request, bytes, on a stream with records up to 1 MiB. */
  readonly putRecordsBytes: number;
  /** The same on a stream whose records may be larger. */
  readonly putRecordsLargeBytes: number;
  /** GetRecords: records per page. */
  readonly getRecordsRecords: number;
  /** GetRecords: data and keys per page, bytes. */
  readonly getRecordsBytes: number;
  /** Lifetime of an iterator or a page token, in milliseconds. */
  readonly iteratorAgeMs: number;
  /** SubscribeToShard ends after this, milliseconds. */
  readonly subscriptionAgeMs: number;
  /** Registered consumers per stream. */
  readonly consumersPerStream: number;
  /** Streams or consumers in state CREATING at a time. */
  readonly creatingAtATime: number;
  /** Shards per account. */
  readonly shardsPerAccount: number;
  /** UpdateShardCount calls per stream in 24 hours. */
  readonly shardCountUpdatesPerDay: number;
  /** Writes per shard. */
  readonly writeRecordsPerSecond: number;
  readonly writeBytesPerSecond: number;
  /** GetRecords calls per shard, shared by all its readers. */
  readonly getRecordsPerSecond: number;
  readonly readBytesPerSecond: number;
  /** Pushed by SubscribeToShard, per consumer and shard. */
  readonly fanOutBytesPerSecond: number;
  /** GetShardIterator, per shard. */
  readonly getShardIteratorPerSecond: number;
  /** ListShards, per stream. */
  readonly listShardsPerSecond: number;
  /** Per account. */
  readonly describeStreamPerSecond: number;
  readonly describeStreamSummaryPerSecond: number;
  readonly describeLimitsPerSecond: number;
  /** Each of CreateStream, DeleteStream, SplitShard, MergeShards, RegisterStreamConsumer, ListStreams..., per account. */
  readonly controlPerSecond: number;
  /** SubscribeToShard, per consumer and shard. */
  readonly subscribePerSecond: number;
  /** A consumer may take a shard over from itself this long after its last subscription, milliseconds. */
  readonly resubscribeAfterMs: number;
}

/** The limits that the service enforces. */
const awsKinesisLimits: KinesisLimits = {
  putRecordsEntries: 500,
  putRecordsBytes: 5 * MiB,
  putRecordsLargeBytes: 10 * MiB,
  getRecordsRecords: 10_000,
  getRecordsBytes: 10 * MiB,
  iteratorAgeMs: 300_000,
  subscriptionAgeMs: 300_000,
  consumersPerStream: 20,
  creatingAtATime: 5,
  shardsPerAccount: 20_000,
  shardCountUpdatesPerDay: 10,
  writeRecordsPerSecond: 1000,
  writeBytesPerSecond: MiB,
  getRecordsPerSecond: 5,
  readBytesPerSecond: 2 * MiB,
  fanOutBytesPerSecond: 2 * MiB,
  getShardIteratorPerSecond: 5,
  listShardsPerSecond: 1000,
  describeStreamPerSecond: 10,
  describeStreamSummaryPerSecond: 20,
  describeLimitsPerSecond: 1,
  controlPerSecond: 5,
  subscribePerSecond: 1,
  resubscribeAfterMs: 5000,
};

/** The names of all limits. */
export const KINESIS_LIMIT_NAMES: KnownNames = Object.fromEntries(
  Object.keys(awsKinesisLimits).map((name) => [name, true]),
);

/** Rates and quotas off; what shapes a request or an answer (sizes, counts, ages) stays, since it is protocol. */
const off: KinesisLimits = {
  ...awsKinesisLimits,
  creatingAtATime: Infinity,
  shardsPerAccount: Infinity,
  shardCountUpdatesPerDay: Infinity,
  writeRecordsPerSecond: Infinity,
  writeBytesPerSecond: Infinity,
  getRecordsPerSecond: Infinity,
  readBytesPerSecond: Infinity,
  fanOutBytesPerSecond: Infinity,
  getShardIteratorPerSecond: Infinity,
  listShardsPerSecond: Infinity,
  describeStreamPerSecond: Infinity,
  describeStreamSummaryPerSecond: Infinity,
  describeLimitsPerSecond: Infinity,
  controlPerSecond: Infinity,
  subscribePerSecond: Infinity,
  resubscribeAfterMs: 0,
};

/** `"aws"`: all of them; `"off"`: no rates and quotas; or AWS's with some replaced. */
export function kinesisLimits(choice: "aws" | "off" | Partial<KinesisLimits> = "aws"): KinesisLimits {
  if (choice === "aws") return awsKinesisLimits;
  if (choice === "off") return off;
  return { ...awsKinesisLimits, ...choice };
}
