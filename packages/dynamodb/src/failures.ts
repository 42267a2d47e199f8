import {
  cureAtStart,
  describeAwsError,
  identityFailureOf,
  identityOutcomeOf,
  isForeignAnswer,
  laterBy,
  RENEW_CURE,
  saidWithoutValues,
  summaryOf as awsSummaryOf,
} from "@kinesis-connectors/aws";
import { KinesisConnectorError } from "@kinesis-connectors/core";

/** What a failed request means for its writes. */
export type Failure =
  /** The guard held: a newer version is there, or this one is. */
  | { readonly kind: "superseded" }
  /** The table or the key has no capacity for the moment. */
  | { readonly kind: "throttled" }
  /** May work later: 5xx, conflicts, time-outs, resets. What became of the request is not known. */
  | { readonly kind: "retry" }
  /** One of its writes can never be taken: of several, each has to be tried alone. */
  | { readonly kind: "rejected" }
  /** The session's credentials are over; fresh ones may do. */
  | { readonly kind: "expired" }
  /** No repetition mends it; `cure` says what will. */
  | { readonly kind: "refused"; readonly cure: string };

/** Codes of "Error handling with DynamoDB" in the developer guide, and of the operations' API pages. */
const KINDS: ReadonlyMap<string, Exclude<Failure["kind"], "refused">> = new Map([
  ["ConditionalCheckFailedException", "superseded"],
  ["TransactionConflictException", "retry"],
  ["ReplicatedWriteConflictException", "retry"],
  ["ReplicaNotFoundException", "retry"],
  // A table that is being changed, restored or deleted at the moment.
  ["ResourceInUseException", "retry"],
  ["ValidationException", "rejected"],
  ["SerializationException", "rejected"],
  ["ItemCollectionSizeLimitExceededException", "rejected"],
]);

const RIGHTS =
  "grant dynamodb:DescribeTable, and what the mode writes with: dynamodb:BatchWriteItem (put), dynamodb:PutItem (guarded, delete) or dynamodb:UpdateItem (update), on the table (and kms:Decrypt on the key of a table with an own one)";

/** Codes that no repetition mends, with the cure (same pages). */
const CURES: ReadonlyMap<string, string> = new Map([
  ["ResourceNotFoundException", "create the table, or correct `table` and `region`"],
  ["AccessDeniedException", RIGHTS],
  ["AccessDenied", RIGHTS],
  ["OptInRequired", "subscribe the account to DynamoDB in that region"],
  ["UnknownOperationException", "the endpoint does not know the operation: use DynamoDB itself"],
]);

/** Sorts what a request to DynamoDB failed with. Pure. */
export function failureOf(error: unknown): Failure {
  const { code, status } = describeAwsError(error);
  const identity = identityOutcomeOf(error);
  if (identity !== undefined) return identity;
  const kind = KINDS.get(code);
  if (kind !== undefined) return { kind };
  const later = laterBy(code);
  if (later !== undefined) return { kind: later === "late" ? "retry" : later };
  const cure = CURES.get(code);
  if (cure !== undefined) return { kind: "refused", cure };
  if (status === 429) return { kind: "throttled" };
  // Without a status no answer came; a success that could not be read shows what it was when it is repeated.
  if (status === undefined || status >= 500 || status < 400 || status === 408 || status === 409)
    return { kind: "retry" };
  if (status === 413) return { kind: "rejected" };
  if (isForeignAnswer(error)) return { kind: "retry" };
  if (status === 401 || status === 403) return { kind: "refused", cure: RIGHTS };
  return { kind: "refused", cure: "see the code and correct the option it is about" };
}

/** The cure for what a first look at the table failed with, before anything has worked; undefined for what may pass by itself. */
export function cureAtOpen(error: unknown): string | undefined {
  return identityFailureOf(error) === "expired" ? RENEW_CURE : cureAtStart(error);
}

/** An error of the SDK without its message: DynamoDB quotes attribute values in some. */
export function summaryOf(error: unknown): Error {
  return awsSummaryOf(error, { service: "DynamoDB", message: false });
}

/** Why an entry becomes a dead letter. */
export function rejection(error: unknown): KinesisConnectorError {
  const said = error instanceof Error ? saidWithoutValues(error.message) : undefined;
  const message = said === undefined ? "" : `: ${said}`;
  return new KinesisConnectorError(
    "KC_RECORD_POISON",
    `DynamoDB will never take the item (${describeAwsError(error).code}${message}); compare it with the table's keys, the keys of its indexes and the limits of an item, or the update with the item's types`,
    { cause: summaryOf(error) },
  );
}

/** The error that stops a shard: what DynamoDB refused, and the cure. */
export function refusal(action: string, cure: string, error: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `DynamoDB refused ${action} (${describeAwsError(error).code}): ${cure}`,
    { cause: summaryOf(error) },
  );
}
