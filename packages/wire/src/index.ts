export { AggregateInputError } from "./aggregate-error.js";
export {
  type Aggregator,
  type AggregatorOptions,
  createAggregator,
  type KinesisRecordToPut,
} from "./aggregate.js";
export type { RecordToAggregate } from "./aggregate-writer.js";
export { type Deaggregation, deaggregate, type UserRecord } from "./deaggregate.js";
export {
  fullHashKeyRange,
  type HashKeyRange,
  isInHashKeyRange,
  maxHashKey,
  parseExplicitHashKey,
  partitionHashKey,
} from "./hash-key.js";
export { PageRecord, type ChildShardAnswer, type RecordsAnswer } from "./records-page.js";
export { readRecordsCbor } from "./records-cbor.js";
export { readRecordsJson } from "./records-json.js";
export { readEventFrames } from "./event-body.js";
export type { EventFrame } from "./event-frames.js";
export { WireFormatError } from "./wire-format-error.js";
