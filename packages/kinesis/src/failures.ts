import { describeAwsError, type PutFailures, putFailures } from "@kinesis-connectors/aws";

/** Codes below 500 that mean "later" (errors of PutRecords and ListShards; common errors of the API reference). */
const REPEATED = new Set([
  "KMSThrottlingException",
  "ResourceInUseException", // The stream is being created or changed.
  "ExpiredNextTokenException", // The list of shards starts anew.
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

/** What Kinesis says to a request that puts, sorted and worded. */
const failures: PutFailures = putFailures({
  service: "Kinesis",
  target: "stream",
  repeated: REPEATED,
  cures: CURES,
  missing: new Set(["ResourceNotFoundException"]),
  quoting: new Set(["ValidationException", "InvalidArgumentException", "SerializationException"]),
});
export const failureOf: PutFailures["failureOf"] = failures.failureOf;
export const cureAtOpen: PutFailures["cureAtOpen"] = failures.cureAtOpen;
export const summaryOf: PutFailures["summaryOf"] = failures.summaryOf;
export const isOutage: PutFailures["isOutage"] = failures.isOutage;
export const refusal: PutFailures["refusal"] = failures.refusal;

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
