import { describeAwsError, type PutFailures, putFailures } from "@kinesis-connectors/aws";

/** Codes below 500 that mean "later" (errors of PutRecordBatch; common errors of the API reference). */
const REPEATED = new Set([
  "ServiceUnavailableException",
  "ConcurrentModificationException",
  "ResourceInUseException",
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

/** What Firehose says to a request that puts, sorted and worded. */
const failures: PutFailures = putFailures({
  service: "Firehose",
  target: "delivery stream",
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
