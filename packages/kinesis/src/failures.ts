import {
  cureAtHome,
  CREDENTIALS_CURE,
  describeAwsError,
  identityFailureOf,
  identityOutcomeOf,
  RENEW_CURE,
  type RequestFailure,
  summaryOf as awsSummaryOf,
} from "@kinesis-connectors/aws";
import { KinesisConnectorError } from "@kinesis-connectors/core";

/** Codes below 500 that mean "later" (errors of PutRecords and ListShards; common errors of the API reference). */
const REPEATED = new Set([
  "ProvisionedThroughputExceededException",
  "LimitExceededException",
  "KMSThrottlingException",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "ResourceInUseException", // The stream is being created or changed.
  "ExpiredNextTokenException", // The list of shards starts anew.
  "RequestTimeout",
]);

const KEY = "enable the KMS key of the stream, and grant kms:GenerateDataKey on it";

/** Codes that no repetition mends, with the cure (same pages). */
const CURES: ReadonlyMap<string, string> = new Map([
  ["ResourceNotFoundException", "create the stream, or correct `stream`, `streamArn` or `region`"],
  [
    "AccessDeniedException",
    "grant kinesis:PutRecords on the stream, kinesis:ListShards where records are aggregated, and kms:GenerateDataKey where it is encrypted",
  ],
  [
    "InvalidArgumentException",
    "compare `maxRecordBytes` with the MaxRecordSizeInKiB of the stream (DescribeStreamSummary)",
  ],
  [
    "ValidationException",
    "something in the request is not as the service wants it: check `stream`, or report it with the request id",
  ],
  ["KMSAccessDeniedException", KEY],
  ["KMSDisabledException", KEY],
  ["KMSInvalidStateException", KEY],
  ["KMSNotFoundException", KEY],
  ["KMSOptInRequired", KEY],
  ["OptInRequired", "the account is not subscribed to Kinesis: activate it"],
]);

/** Sorts what a request failed with. Pure. */
export function failureOf(error: unknown): RequestFailure {
  const { code, status, message } = describeAwsError(error);
  const identity = identityOutcomeOf(error);
  if (identity !== undefined) return identity;
  if (REPEATED.has(code)) return { kind: "retry" };
  const cure = CURES.get(code);
  if (cure !== undefined) return { kind: "refused", cure };
  if (message.startsWith("Region is missing"))
    return { kind: "refused", cure: "set `region`, or AWS_REGION" };
  // Without a status no answer came: reset, refused connection, unknown host, time-out, credentials not served for a moment.
  if (status === undefined || status >= 500 || status === 408 || status === 429) return { kind: "retry" };
  if (status === 401 || status === 403) return { kind: "refused", cure: CREDENTIALS_CURE };
  if (status >= 400) return { kind: "refused", cure: "see the code and correct the option it is about" };
  // A success that could not be read: it is repeated, which may write records twice.
  return { kind: "retry" };
}

/** The cure for what a first look at the stream failed with; undefined when that says nothing about putting into it. */
export function cureAtOpen(error: unknown): string | undefined {
  const { code, status } = describeAwsError(error);
  if (code === "ResourceNotFoundException") return CURES.get(code);
  const identity = identityFailureOf(error);
  if (identity === "wrong") return CREDENTIALS_CURE;
  if (identity === "expired") return RENEW_CURE;
  const home = cureAtHome(error);
  if (home !== undefined) return home;
  return status === undefined
    ? "it cannot be reached; check `endpoint`, `region` and the network"
    : undefined;
}

/** What Kinesis said of one record of a request; nothing when it took it. */
export interface RecordAnswer {
  readonly ShardId?: string | undefined;
  readonly ErrorCode?: string | undefined;
}

/**
 * Why a record was not taken; undefined when it was. PutRecords names two codes, `ProvisionedThroughputExceededException` and
 * `InternalFailure`, and both may pass; any other counts as passing too, and the engine's limit of tries ends it. The message is left
 * out: it names account and stream.
 */
export function recordFailureOf(answer: RecordAnswer | undefined): Error | undefined {
  if (answer !== undefined && answer.ErrorCode === undefined && answer.ShardId !== undefined)
    return undefined;
  const code = answer?.ErrorCode ?? "NoAnswer";
  const error = new Error(`Kinesis did not take the record (${code})`);
  error.name = code;
  return error;
}

/** The service's code of an error, or its name. */
export function errorCodeOf(error: unknown): string {
  return describeAwsError(error).code;
}

/** Codes whose message quotes what was put, partition keys included: it must not reach a log. */
const QUOTING = new Set(["ValidationException", "InvalidArgumentException", "SerializationException"]);

/**
 * An error of the SDK reduced to its code, message, status and request id. The original carries the whole answer, and the request that it was
 * about is quoted in some messages.
 */
export function summaryOf(error: unknown): Error {
  return awsSummaryOf(error, { service: "Kinesis", message: !QUOTING.has(describeAwsError(error).code) });
}

/** The error that stops a shard: what Kinesis refused, and the cure. */
export function refusal(stream: string, cure: string, error: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `Kinesis refused the stream "${stream}" (${errorCodeOf(error)}): ${cure}`,
    { cause: summaryOf(error) },
  );
}
