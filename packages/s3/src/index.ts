export {
  claimCheckStore,
  type ClaimCheckStoreOptions,
  type PutClaimCheck,
} from "./claim-checks/claim-check-store.js";
export { claimChecks, type ClaimChecksOptions } from "./claim-checks/claim-checks.js";
export {
  awsExtended,
  lifion,
  type ObjectPlace,
  type PointerFormat,
  type StoredObject,
} from "./claim-checks/pointers.js";
export type { Compression, PieceCompression, PieceCompressor } from "./compression/compression.js";
export { gzip } from "./compression/gzip.js";
export { none } from "./compression/none.js";
export type { S3ConnectionOptions } from "./connection.js";
export {
  delimited,
  type DelimitedColumn,
  type DelimitedOptions,
  type DelimitedStyle,
} from "./formats/delimited.js";
export type {
  EncodedObject,
  Format,
  FormatCommon,
  ObjectFormat,
  RecordFormat,
  RefusedOutput,
} from "./formats/format.js";
export { ndjson, type NdjsonFormat, raw, type RawOptions } from "./formats/formats.js";
export { lengthPrefixed } from "./formats/length-prefixed.js";
export type { ArchivedContent, ArchiveFormat, ObjectContent } from "./formats/archive-format.js";
export type { ArchivedRange, ArchiveFacts, ArchiveObject } from "./archive/archive-object.js";
export { ARCHIVE_OPTIONS, type ArchiveOptions } from "./archive/options.js";
export { type Archive, openArchive } from "./archive/open-archive.js";
export { type ArchivedRecord, readArchive, type ReadArchiveOptions } from "./archive/read-archive.js";
export { records } from "./formats/records.js";
export type { S3BatchingOptions } from "./plan/object-batching.js";
export { ObjectWriter } from "./formats/object-writer.js";
export type { S3EmitterOptions, S3ObjectOptions } from "./options.js";
export type { PartitionStyle, PartitionValue, PartitionValues } from "./partitions/partition-path.js";
export type { ReplayedRecord } from "./dead-letters/parse-dead-letter.js";
export { replayDeadLetters, type ReplayOptions } from "./dead-letters/replay-dead-letters.js";
export { rangeNameOf, type S3PlannedObject, type S3Plan } from "./requests.js";
export { s3DeadLetters } from "./dead-letters/s3-dead-letters.js";
export { s3Emitter } from "./s3-emitter.js";
export type { EpochUnit, PointInTime } from "./partitions/event-time.js";
export { timePartition, type TimePartitionOptions } from "./partitions/time-partition.js";
export { zstd } from "./compression/zstd.js";
export { S3_EMITTER_OPTIONS, S3_OBJECT_OPTIONS } from "./options.js";
