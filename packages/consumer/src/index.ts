export { checkConnectorOptions } from "./connector-settings.js";
export { type Connector, startConnector } from "./connector.js";
export type { ChannelMessage } from "./event-channels.js";
export type { ConnectorEvent, EventsDropped, LifeEvent } from "./events.js";
export { type FanOut, fanOut, type FanOutOptions } from "./reading/fan-out-consumer.js";
export { sdkKinesis, type SdkKinesisOptions, type StreamName } from "./kinesis/sdk-kinesis.js";
export {
  type HashKeyRange,
  type Intercept,
  type Lease,
  type LeaseChange,
  type LeaseCheckpoint,
  type LeaseFacts,
  type LeaseTable,
  memoryLeases,
  type MemoryLeases,
  type NewLease,
  type PendingCheckpoint,
  type Sentinel,
  type TableCall,
  type TableFault,
  type WriteOutcome,
} from "@kinesis-connectors/leases";
export { dynamoDbLeaseTable, type DynamoDbLeaseTableOptions } from "./lease-table/dynamodb-lease-table.js";
export type { MeasureCpu } from "./worker/fleet3/cpu/measure-cpu.js";
export type { LeaseOptions } from "./worker/lease-settings.js";
export type { WorkerEvent } from "./worker/worker-events.js";
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
} from "./kinesis/kinesis-api.js";
export type { ConnectorOptions } from "./options.js";
export type { PipelineModule } from "./engines/pipeline-module.js";
export { type Polling, polling, type PollingOptions } from "./reading/polling-reader.js";
export type {
  BatchSnapshot,
  ConnectorProgress,
  ConnectorTotals,
  LeaseRenewals,
  ShardSnapshot,
} from "./progress.js";
export type { LeaseTableLooks } from "./worker/table-watch.js";
export { type StartFault, startFaults } from "./start-faults.js";
export type { ReadEvent } from "./reading/read-events.js";
