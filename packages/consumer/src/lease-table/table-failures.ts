import {
  CLOCK_CURE,
  cureAtStart,
  cureAtProxy,
  describeAwsError,
  identityFailureOf,
  laterBy,
  RENEW_CURE,
  saidWithoutValues,
  summaryOf,
} from "@kinesis-connectors/aws";
import { asError, hasCode, KinesisConnectorError } from "@kinesis-connectors/core";

/**
 * What a failed call on the lease table means. `refused`: the condition did not hold. `throttled`: it was not taken and may be sent
 * again. `no-credentials`: the same, because none can be had at present, their session is over or the clock is off. `missing`: the table is
 * not there. `denied`: a right is missing. `fatal`: no waiting mends it. `unknown`: it may have been applied.
 */
export type TableFailure =
  | "refused"
  | "throttled"
  | "no-credentials"
  | "missing"
  | "denied"
  | "fatal"
  | "unknown";

const DENIED: ReadonlySet<string> = new Set(["AccessDeniedException", "AccessDenied"]);

const FATAL: ReadonlySet<string> = new Set([
  "ValidationException",
  "SerializationException",
  "ItemCollectionSizeLimitExceededException",
  "KMSAccessDeniedException",
]);

/** Their messages may quote values of the row. The last is an answer that is no JSON, of which V8 quotes a part. */
const QUOTING: ReadonlySet<string> = new Set([
  "ValidationException",
  "SerializationException",
  "SyntaxError",
]);

/** What the failure means. Whatever is not known here counts as unknown, which is always safe: it is read back. */
export function tableFailure(thrown: unknown): TableFailure {
  const { name, message } = asError(thrown);
  if (name === "ConditionalCheckFailedException") return "refused";
  if (name === "ResourceNotFoundException") return "missing";
  const identity = identityFailureOf(thrown);
  // Refused before anything is done, or not sent at all.
  if (identity !== undefined) return identity === "wrong" ? "fatal" : "no-credentials";
  if (cureAtProxy(thrown) !== undefined) return "fatal";
  if (DENIED.has(name)) return "denied";
  // DynamoDB developer guide, "Error handling": these were not carried out, and may be sent again after a back-off.
  if (laterBy(name) === "throttled") return "throttled";
  return FATAL.has(name) || message.startsWith("Region is missing") ? "fatal" : "unknown";
}

/** Whether a table could not be used because of an outage: whoever asks on may be answered later. */
export function isTableOutage(error: unknown): boolean {
  if (!hasCode(error, "KC_LEASE_TABLE") || error.cause === undefined) return false;
  const failure = tableFailure(error.cause);
  return failure === "throttled" || failure === "no-credentials" || failure === "unknown";
}

/** Whether a table is not there, and was not to be created. */
export function isTableMissing(error: unknown): boolean {
  return hasCode(error, "KC_LEASE_TABLE") && tableFailure(error.cause) === "missing";
}

/** The error that users see when the table cannot be used, with the cure. */
export function tableError(tableName: string, operation: string, thrown: unknown): KinesisConnectorError {
  if (KinesisConnectorError.isInstance(thrown)) return thrown;
  const error = asError(thrown);
  const cure = cureOf(error, operation);
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the lease table ${tableName} cannot be used: ${operation} failed with ${describeAwsError(thrown).code}; ${cure}`,
    { cause: tableCause(thrown) },
  );
}

/**
 * What is shown of a failed call on the table. The SDK's own error leads to the whole request: the signature, the session's token and the row, whose
 * plan names objects after data.
 */
export function tableCause(thrown: unknown): Error {
  const { code, message } = describeAwsError(thrown);
  const said = QUOTING.has(code) ? saidWithoutValues(message) : message;
  return summaryOf(thrown, { service: "DynamoDB", message: said === undefined ? false : () => said });
}

function cureOf(error: Error, operation: string): string {
  const atHome = cureAtStart(error);
  if (atHome !== undefined) return atHome;
  const identity = identityFailureOf(error);
  if (identity === "clock") return CLOCK_CURE;
  if (identity === "expired") return RENEW_CURE;
  switch (error.name) {
    case "AccessDeniedException":
    case "AccessDenied":
      return `allow dynamodb:${operation} on the table`;
    case "ResourceNotFoundException":
      return "it was deleted, or the region is another one: create it again and start the workers anew";
    case "ValidationException":
      return `DynamoDB says: ${saidWithoutValues(error.message) ?? "no more that may be shown"}; a row holds 400 KB, so make batches with fewer objects`;
    default:
      return "check the region (option region, or AWS_REGION), the credentials and the endpoint of DynamoDB";
  }
}
