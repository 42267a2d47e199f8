export {
  type IteratorPosition,
  type KinesisApi,
  KinesisCallError,
  type KinesisErrorKind,
  type ListedShard,
  type ListShardsRequest,
  type RecordsAnswer,
  type ShardListFilter,
  type ShardsPage,
  type StreamConsumer,
  type StreamRecord,
  type StreamSummary,
  type SubscriptionEvent,
} from "../kinesis/kinesis-api.js";
export { checkStream, type CheckContext } from "../kinesis/stream-check.js";
export { listAllShards, type ShardListing } from "../worker/shard-sync/all-shards.js";
export { type FanOut, fanOut, type FanOutOptions } from "./fan-out-consumer.js";
export { type Polling, polling, type PollingOptions, pollingSource } from "./polling-reader.js";
export type { ReadEvent } from "./read-events.js";
export type { ReaderContext } from "./reader-context.js";
export { consumerArnOf, shardSources, type SourceSettings, type StreamFacts } from "./shard-sources.js";
export { LATE_ARRIVALS_MS } from "./source-within.js";
export { type DroppedAggregate, toUserRecords, type UserRecords } from "./user-records.js";
