export { AggregateInputError } from "./aggregation/aggregate-error.js";
export {
  type Aggregator,
  type AggregatorOptions,
  createAggregator,
  type KinesisRecordToPut,
} from "./aggregation/aggregate.js";
export type { RecordToAggregate } from "./aggregation/aggregate-writer.js";
export { startsWithMagic } from "./aggregation/aggregate-format.js";
export { AggregatedRecord } from "./page/aggregated-record.js";
export {
  type Deaggregation,
  deaggregate,
  deaggregatePageRecord,
  type UserRecord,
} from "./aggregation/deaggregate.js";
export {
  fullHashKeyRange,
  type HashKeyRange,
  isInHashKeyRange,
  maxHashKey,
  parseExplicitHashKey,
  partitionHashKey,
} from "./aggregation/hash-key.js";
export type { PageMemory } from "./page/page.js";
export { PageRecord } from "./page/page-record.js";
export type { ChildShardAnswer, RecordsAnswer } from "./page/records-answer.js";
export { readRecordsCbor } from "./cbor/records-cbor.js";
export { readRecordsJson } from "./json/records-json.js";
export { readEventFrames } from "./subscription/event-body.js";
export type { EventFrame } from "./subscription/event-frames.js";
export { WireFormatError } from "./wire-format-error.js";
