export { notifying, type NotifyingOptions } from "./notifying.js";
export { type Batch, type BufferEntry, type FlushReason, outputCountOf } from "./batch.js";
export type { Batching } from "./batching.js";
export { type Buffer, type BufferOptions, MiB, RecordBuffer, type Thresholds } from "./buffer.js";
export {
  bytes,
  json,
  jsonLines,
  type JsonOptions,
  type JsonTransformer,
  text,
} from "./transformers/built-in.js";
export { parseJson } from "./transformers/exact-json.js";
export { compressed, type CompressedOptions } from "./transformers/compressed.js";
export type { OutputOf, StandardSchema } from "./transformers/checked.js";
export { type BudgetHolder, ByteBudget } from "./engine/byte-budget.js";
export type { Checkpointer, PreparedBatch, ShardProgress } from "./checkpointer.js";
export { closeLimitMs, Closing } from "./closing.js";
export { type Clock, type Random, sleep, systemClock, systemRandom, type Timer } from "./clock.js";
export { type DeadLetter, type DeadLetterEmitter } from "./dead-letters.js";
export type {
  BatchStep,
  EmitContext,
  EmitResult,
  Emitter,
  EmitterCapabilities,
  FailedEntry,
  Json,
  OpenContext,
  PlannedRange,
  PlanSpill,
  ReplayedStream,
} from "./emitter.js";
export { entriesPast } from "./entries-past.js";
export { keptCause } from "./logging/foreign-cause.js";
export { type ErrorFields, errorFields } from "./logging/error-fields.js";
export {
  asError,
  type ErrorCode,
  hasCode,
  invalidOption,
  KinesisConnectorError,
  poisonRecord,
} from "./errors.js";
export { batchIdOf, type RangeOwner } from "./engine/filling/range.js";
export type { ShardEvent } from "./events.js";
export { ExactNumber, exactNumberOf } from "./json/exact-number.js";
export { allowAll, type Filter } from "./filter.js";
export { type BatchHandler, handler } from "./handlers/handler.js";
export { forEachRecord, type ForEachRecordOptions, type RecordHandler } from "./handlers/for-each-record.js";
export { batchesOf, type BatchQueue, type HandedBatch, handedBatches } from "./handlers/handed-batches.js";
export type { BatchWriterContext, EncodedOutputs, BatchWriter } from "./batch-writer.js";
export { hasLoneSurrogate, jsonHasLoneSurrogate, jsonOfOutput, stringifyJson } from "./json/json-text.js";
export { guardedObserver } from "./logging/guarded-observer.js";
export { guardedLogger, type Logger, silentLogger } from "./logger.js";
export { isPromise, type MaybePromise } from "./maybe-promise.js";
export { checkOptions, type KnownNames, type OptionNames } from "./known-options.js";
export { giveNotice, type Notice, type NoticeCode } from "./logging/notices.js";
export { momentOfText } from "./moments.js";
export { nonEmptyText, wholeNumber } from "./options.js";
export {
  definePipeline,
  type Pipeline,
  type PipelineOptions,
  type PipelinePolicies,
  type PoisonPolicy,
} from "./pipeline.js";
export { isProgrammingError } from "./guards/programming-error.js";
export {
  type ChildShard,
  comparePositions,
  compareSequenceNumbers,
  dataBytesOf,
  type KinesisRecord,
  type Position,
  type RecordPage,
  type ShardReader,
  type ShardSource,
  type StartPosition,
} from "./record.js";
export { backoffMs, type Retry, type RetryOptions } from "./retry.js";
export type { ShardContext, ShardOutcome } from "./engine/shard-context.js";
export { processShard } from "./engine/shard-processor.js";
export {
  type Decode,
  type DecodingTransformer,
  decodeWith,
  decodingOf,
  type Transformer,
} from "./transformer.js";
