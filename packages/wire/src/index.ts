export { AggregateInputError } from "./aggregate-error.js";
export {
  type Aggregator,
  type AggregatorOptions,
  createAggregator,
  type KinesisRecordToPut,
} from "./aggregate.js";
export type { RecordToAggregate } from "./aggregate-writer.js";
export { AggregatedRecord } from "./aggregated-record.js";
export { type Deaggregation, deaggregate, deaggregatePageRecord, type UserRecord } from "./deaggregate.js";
export {
  fullHashKeyRange,
  type HashKeyRange,
  isInHashKeyRange,
  maxHashKey,
  parseExplicitHashKey,
  partitionHashKey,
} from "./hash-key.js";
export type { PageMemory } from "./page.js";
export { PageRecord } from "./page-record.js";
export type { ChildShardAnswer, RecordsAnswer } from "./records-answer.js";
export { readRecordsCbor } from "./records-cbor.js";
export { readRecordsJson } from "./records-json.js";
export { readEventFrames } from "./event-body.js";
export type { EventFrame } from "./event-frames.js";
export { WireFormatError } from "./wire-format-error.js";
