export { type Clock, systemClock, type Timer, virtualClock, type VirtualClock } from "./clock.js";
export { LocalAwsError, type LocalAwsErrorCode } from "./errors.js";
export type {
  ConditionsIgnoredEffect,
  ErrorEffect,
  EventStreamEffect,
  FaultEffect,
  FaultKind,
  ForeignCommitEffect,
  ForeignObjectEffect,
  PageEffect,
  PartialFailureEffect,
  StatementEffect,
  SuccessWithErrorEffect,
  TransportEffect,
} from "./fault-effects.js";
export type { FaultCall, FaultRule, Faults, FaultStatus, FiredFault } from "./faults.js";
export type { CallParameters, Journal, JournalEntry, JournalFilter, ServerName } from "./journal.js";
export type { CborForm } from "./kinesis/protocol/cbor-writer.js";
export { KinesisError } from "./kinesis/errors.js";
export type { KinesisLimits } from "./kinesis/limits.js";
export type { IcebergAuthorization } from "./iceberg/authorization.js";
export type { LocalTable } from "./iceberg/iceberg-server.js";
export type { StoredRecord } from "./kinesis/streams/shard.js";
export type { LocalRecord, LocalStreams } from "./kinesis/local-streams.js";
export type { KinesisOptions } from "./kinesis/server.js";
export type {
  Input as KinesisInput,
  RecordList as KinesisRecordList,
  WireTime as KinesisTime,
  WireObject as KinesisOutput,
  WireValue as KinesisValue,
} from "./kinesis/protocol/values.js";
export { type LocalAws, type LocalClientOptions, startLocalAws } from "./local-aws.js";
export type { DynamoDbOptions } from "./dynamodb/dynamodb-server.js";
export type { FirehoseOptions, FirehoseServer } from "./firehose/firehose-server.js";
export type { TlsFiles } from "./http/loopback-server.js";
export type { IcebergOptions, IcebergServer } from "./iceberg/iceberg-server.js";
export type { ListenOptions } from "./json-call/json-call-server.js";
export type { Behaviour as KinesisBehaviour } from "./kinesis/operations/operation.js";
export type { LocalAwsOptions } from "./local-options.js";
export type { OpenSearchOptions, OpenSearchServer } from "./opensearch/opensearch-server.js";
export type { RedshiftOptions, RedshiftServer } from "./redshift/redshift-server.js";
export type { S3Options, S3Server } from "./s3/s3-server.js";
export type { SqsOptions, SqsServer } from "./sqs/sqs-server.js";
export type { LocalDocument } from "./opensearch/opensearch-server.js";
export type { LocalObject } from "./s3/local-object.js";
export type { SqsMessage } from "./sqs/sqs-server.js";
