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

/** Codes below 500 that mean "later" (errors of PutRecordBatch; common errors of the API reference). */
const REPEATED = new Set([
  "ServiceUnavailableException",
  "LimitExceededException",
  "ConcurrentModificationException",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "ResourceInUseException",
  "RequestTimeout",
]);

/** Codes that no repetition mends, with the cure (same pages). */
const CURES: ReadonlyMap<string, string> = new Map([
  ["ResourceNotFoundException", "create the delivery stream, or correct `deliveryStream` or `region`"],
  ["AccessDeniedException", "grant firehose:PutRecordBatch on the delivery stream"],
  ["InvalidSourceException", "the delivery stream reads from elsewhere: take one whose source is Direct PUT"],
  [
    "InvalidKMSResourceException",
    "enable the KMS key of the delivery stream, and let Firehose use it (its grant)",
  ],
  [
    "InvalidArgumentException",
    "something in the request is not as the service wants it: check `deliveryStream`, or report it with the request id",
  ],
  [
    "ValidationException",
    "something in the request is not as the service wants it: check `deliveryStream`, or report it with the request id",
  ],
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

/** The cure for what a first look at the delivery stream failed with; undefined when that says nothing about putting into it. */
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

/** Why a record was not taken. The message is left out: it may name account and stream. */
export function recordFailure(code: string): Error {
  const error = new Error(`Firehose did not take the record (${code})`);
  error.name = code;
  return error;
}

/** The service's code of an error, or its name. */
export function errorCodeOf(error: unknown): string {
  return describeAwsError(error).code;
}

/** Codes whose message may quote what was put. */
const QUOTING = new Set(["ValidationException", "InvalidArgumentException", "SerializationException"]);

/** An error of the SDK reduced to what may be logged. */
export function summaryOf(error: unknown): Error {
  return awsSummaryOf(error, { service: "Firehose", message: !QUOTING.has(describeAwsError(error).code) });
}

/** The error that stops a shard: what Firehose refused, and the cure. */
export function refusal(deliveryStream: string, cure: string, error: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `Firehose refused the delivery stream "${deliveryStream}" (${errorCodeOf(error)}): ${cure}`,
    { cause: summaryOf(error) },
  );
}
