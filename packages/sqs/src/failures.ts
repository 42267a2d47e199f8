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

/** Codes below 500 that mean "later" (errors of SendMessageBatch; common errors of the API reference). */
const REPEATED = new Set([
  "RequestThrottled",
  "KmsThrottled",
  "OverLimit",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "RequestTimeout",
]);

const QUEUE = "create the queue, or correct `queueUrl` or `region`";
const KEY = "enable the KMS key of the queue, and grant kms:GenerateDataKey and kms:Decrypt on it";
const RIGHTS =
  "grant sqs:SendMessage on the queue, and kms:GenerateDataKey and kms:Decrypt where it is encrypted";
const REPORT =
  "something in the request is not as the service wants it: check `queueUrl`, `deduplication` and `maxMessageBytes`, or report it with the request id";

/** Codes that no repetition mends, with the cure (same pages). Some come with the prefix of the query protocol. */
const CURES: ReadonlyMap<string, string> = new Map([
  ["QueueDoesNotExist", QUEUE],
  ["NonExistentQueue", QUEUE],
  ["QueueDeletedRecently", QUEUE],
  ["InvalidAddress", QUEUE],
  ["AccessDenied", RIGHTS],
  ["AccessDeniedException", RIGHTS],
  ["KmsAccessDenied", KEY],
  ["KmsDisabled", KEY],
  ["KmsInvalidKeyUsage", KEY],
  ["KmsInvalidState", KEY],
  ["KmsNotFound", KEY],
  ["KmsOptInRequired", KEY],
  ["BatchRequestTooLong", "set `maxMessageBytes` to the MaximumMessageSize of the queue"],
  ["InvalidParameterValue", REPORT],
  ["UnsupportedOperation", REPORT],
]);

/** A code without what the query protocol puts before it, `AWS.SimpleQueueService.`. */
function shortCode(code: string): string {
  return code.slice(code.lastIndexOf(".") + 1);
}

/** Sorts what a request failed with. Pure. */
export function failureOf(error: unknown): RequestFailure {
  const { code, status, message } = describeAwsError(error);
  const identity = identityOutcomeOf(error);
  if (identity !== undefined) return identity;
  if (REPEATED.has(shortCode(code))) return { kind: "retry" };
  const cure = CURES.get(shortCode(code));
  if (cure !== undefined) return { kind: "refused", cure };
  if (message.startsWith("Region is missing"))
    return { kind: "refused", cure: "set `region`, or AWS_REGION" };
  // Without a status no answer came: reset, refused connection, unknown host, time-out, credentials not served for a moment.
  if (status === undefined || status >= 500 || status === 408 || status === 429) return { kind: "retry" };
  if (status === 401 || status === 403) return { kind: "refused", cure: CREDENTIALS_CURE };
  if (status >= 400) return { kind: "refused", cure: "see the code and correct the option it is about" };
  // A success that could not be read: it is repeated, which may write messages twice.
  return { kind: "retry" };
}

/** The cure for what a first look at the queue failed with; undefined when that says nothing about sending to it. */
export function cureAtOpen(error: unknown): string | undefined {
  const { code, status } = describeAwsError(error);
  if (CURES.get(shortCode(code)) === QUEUE) return QUEUE;
  const identity = identityFailureOf(error);
  if (identity === "wrong") return CREDENTIALS_CURE;
  if (identity === "expired") return RENEW_CURE;
  const home = cureAtHome(error);
  if (home !== undefined) return home;
  return status === undefined
    ? "it cannot be reached; check `endpoint`, `region` and the network"
    : undefined;
}

/** Codes of a message that was not taken, which no repetition mends: they are about the queue. */
const CURES_OF_MESSAGES: ReadonlyMap<string, string> = new Map([
  ...[...CURES].filter(([, cure]) => cure === KEY || cure === RIGHTS || cure === QUEUE),
  [
    "InvalidParameterValue",
    'set ContentBasedDeduplication of the queue, or leave `deduplication` at "position"; compare `maxMessageBytes` with its MaximumMessageSize',
  ],
]);

/** What a message was refused with means: an error that may pass, or the cure of one that does not. The service's text is left out: it may quote. */
export function messageFailure(code: string): { readonly error: Error; readonly cure: string | undefined } {
  const error = new Error(`SQS did not take the message (${code})`);
  error.name = code;
  return { error, cure: CURES_OF_MESSAGES.get(shortCode(code)) };
}

/** The service's code of an error, or its name. */
export function errorCodeOf(error: unknown): string {
  return describeAwsError(error).code;
}

/** Codes whose message may quote what was sent. */
const QUOTING = new Set(["InvalidParameterValue", "InvalidMessageContents", "SerializationException"]);

/** An error of the SDK reduced to what may be logged. */
export function summaryOf(error: unknown): Error {
  return awsSummaryOf(error, {
    service: "SQS",
    message: !QUOTING.has(shortCode(describeAwsError(error).code)),
  });
}

/** The error that stops a shard: what SQS refused, and the cure. */
export function refusal(queue: string, cure: string, error: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `SQS refused the queue "${queue}" (${errorCodeOf(error)}): ${cure}`,
    { cause: summaryOf(error) },
  );
}
