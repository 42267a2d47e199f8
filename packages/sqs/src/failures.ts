import { describeAwsError, type PutFailures, putFailures } from "@kinesis-connectors/aws";

/** Codes below 500 that mean "later" (errors of SendMessageBatch; common errors of the API reference). */
const REPEATED = new Set(["KmsThrottled", "OverLimit"]);

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

/** What SQS says to a request that puts, sorted and worded. */
const failures: PutFailures = putFailures({
  service: "SQS",
  target: "queue",
  repeated: REPEATED,
  cures: CURES,
  missing: new Set([...CURES].filter(([, cure]) => cure === QUEUE).map(([code]) => code)),
  quoting: new Set(["InvalidParameterValue", "InvalidMessageContents", "SerializationException"]),
  plainCode: shortCode,
});
export const failureOf: PutFailures["failureOf"] = failures.failureOf;
export const cureAtOpen: PutFailures["cureAtOpen"] = failures.cureAtOpen;
export const summaryOf: PutFailures["summaryOf"] = failures.summaryOf;
export const isOutage: PutFailures["isOutage"] = failures.isOutage;
export const refusal: PutFailures["refusal"] = failures.refusal;

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
