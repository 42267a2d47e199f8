export { type Connector, startConnector } from "./connector.js";
export type { ConnectorEvent, EventsDropped, LifeEvent } from "./events.js";
export { type FanOut, fanOut, type FanOutOptions } from "./fan-out-consumer.js";
export { sdkKinesis, type StreamName } from "./sdk-kinesis.js";
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
} from "./kinesis-api.js";
export type { ConnectorOptions } from "./options.js";
export { type Polling, polling, type PollingOptions } from "./polling-reader.js";
export type { ConnectorProgress, ShardSnapshot } from "./progress.js";
export type { ReadEvent } from "./read-events.js";
