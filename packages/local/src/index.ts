export { type Clock, systemClock, type Timer, virtualClock, type VirtualClock } from "./clock.js";
export { LocalAwsError, type LocalAwsErrorCode } from "./errors.js";
export type { FaultEffect, FaultKind } from "./fault-effects.js";
export type { FaultCall, FaultRule, Faults, FaultStatus, FiredFault } from "./faults.js";
export type { CallParameters, Journal, JournalEntry, JournalFilter, ServerName } from "./journal.js";
export type { CborForm } from "./kinesis/protocol/cbor-writer.js";
export { KinesisError } from "./kinesis/errors.js";
export type { KinesisLimits } from "./kinesis/limits.js";
export type { IcebergAuthorization } from "./iceberg/authorization.js";
export type { LocalTable } from "./iceberg/iceberg-server.js";
export type { LocalRecord, LocalStreams } from "./kinesis/local-streams.js";
export type { KinesisOptions } from "./kinesis/server.js";
export type { Input as KinesisInput, WireObject as KinesisOutput } from "./kinesis/protocol/values.js";
export { type LocalAws, type LocalClientOptions, startLocalAws } from "./local-aws.js";
export type {
  DynamoDbOptions,
  FirehoseOptions,
  IcebergOptions,
  LocalAwsOptions,
  OpenSearchOptions,
  RedshiftOptions,
  S3Options,
  SqsOptions,
} from "./local-options.js";
export type { LocalDocument } from "./opensearch/opensearch-server.js";
export type { LocalObject } from "./s3/local-object.js";
export type { SqsMessage } from "./sqs/sqs-server.js";
