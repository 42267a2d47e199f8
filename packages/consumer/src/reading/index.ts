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
export { listAllShards, type ShardListing } from "../worker/shard-sync/all-shards.js";
export { type Polling, polling, type PollingOptions, pollingSource } from "./polling-reader.js";
export type { ReadEvent } from "./read-events.js";
export type { ReaderContext } from "./reader-context.js";
export { type DroppedAggregate, toUserRecords, type UserRecords } from "./user-records.js";
