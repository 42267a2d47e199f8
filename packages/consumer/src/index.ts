export { type Connector, startConnector } from "./connector.js";
export type { ConnectorEvent, EventsDropped, LifeEvent } from "./events.js";
export { type FanOut, fanOut, type FanOutOptions } from "./fan-out-consumer.js";
export { sdkKinesis, type SdkKinesisOptions, type StreamName } from "./sdk-kinesis.js";
export type { HashKeyRange, Lease, LeaseCheckpoint, NewLease, PendingCheckpoint, Sentinel } from "./lease.js";
export type { LeaseChange, LeaseFacts, LeaseTable, WriteOutcome } from "./lease-table.js";
export { dynamoDbLeaseTable, type DynamoDbLeaseTableOptions } from "./leases/dynamodb-lease-table.js";
export type { LeaseOptions } from "./leases/lease-settings.js";
export {
  type Intercept,
  type MemoryLeases,
  memoryLeases,
  type TableCall,
  type TableFault,
} from "./leases/memory-lease-table.js";
export type { WorkerEvent } from "./leases/worker-events.js";
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
export type { PipelineModule } from "./pipeline-module.js";
export { type Polling, polling, type PollingOptions } from "./polling-reader.js";
export type { ConnectorProgress, ShardSnapshot } from "./progress.js";
export type { ReadEvent } from "./read-events.js";
