import {
  cureAtStart,
  describeAwsError,
  identityFailureOf,
  identityOutcomeOf,
  isForeignAnswer,
  RENEW_CURE,
  summaryOf as awsSummaryOf,
} from "@kinesis-connectors/aws";
import { KinesisConnectorError } from "@kinesis-connectors/core";

/** What a failed call of the Data API means. */
export type CallFailure =
  /** May work later: throttling, too many statements at a time, 5xx, time-outs, resets. */
  | { readonly kind: "retry" }
  /** The session's credentials are over; fresh ones may do. */
  | { readonly kind: "expired" }
  /** The statement is not known (any more). */
  | { readonly kind: "unknown-statement" }
  /** No repetition mends it; `cure` says what will. */
  | { readonly kind: "refused"; readonly cure: string };

/** What a statement that ended without success means for its load. */
export type StatementFailureKind =
  /** The whole transaction may be tried again: 1023, deadlock, lock, disk full, cancelled, time-out, and everything that is not known. */
  | { readonly kind: "retry" }
  /** A row does not fit its column, or an object is missing or damaged: the batch has something in it that will never load. */
  | { readonly kind: "data"; readonly isMissing: boolean }
  | { readonly kind: "refused"; readonly cure: string };

const RIGHTS =
  "grant redshift-data:BatchExecuteStatement, DescribeStatement, GetStatementResult and CancelStatement, and redshift:GetClusterCredentials " +
  "(redshift-serverless:GetCredentials for a workgroup) or secretsmanager:GetSecretValue";

const NOT_THERE =
  "create the table and the ledger (the schema command prints both), or correct `table`, `columns` and `ledgerTable`";

/** Codes that no repetition mends, with the cure ("Common errors" and "Errors" of the Data API reference). */
const CURES: ReadonlyMap<string, string> = new Map([
  ["AccessDeniedException", RIGHTS],
  ["AccessDenied", RIGHTS],
]);

/** What IAM says that is missing. A right to the credentials of the database is told as a ValidationException. */
const MISSING_RIGHT = /not authorized to perform: ([a-z-]+:[A-Za-z]+)/;

/** The package's policy that grants a right. */
function policyOf(right: string): string {
  if (/^(?:secretsmanager|kms):/.test(right)) return "secret-policy";
  return right === "redshift:GetClusterCredentials" ? "db-user-policy" : "emitter-policy";
}

/** Sorts what a call of the Data API failed with. Pure. */
export function callFailureOf(error: unknown): CallFailure {
  const { code, status, message } = describeAwsError(error);
  const identity = identityOutcomeOf(error);
  if (identity !== undefined) return identity;
  if (code === "ResourceNotFoundException") return { kind: "unknown-statement" };
  const [, right] = MISSING_RIGHT.exec(message) ?? [];
  if (right !== undefined)
    return { kind: "refused", cure: `grant ${right} as iam/${policyOf(right)}.json of the package does` };
  const cure = CURES.get(code);
  if (cure !== undefined) return { kind: "refused", cure };
  if (code === "ValidationException") {
    // A cluster that is paused or being resized answers so, too.
    if (/not available|paus|resum|resiz|creating|modifying|try again/i.test(message))
      return { kind: "retry" };
    if (/\b(?:sqls?|statements?)\b/i.test(message) && /\b(?:long|length|size|kb|exceeds?)\b/i.test(message))
      return {
        kind: "refused",
        cure: "the SQL of a load is larger than the Data API takes: load fewer `columns`, or give them shorter names",
      };
    return { kind: "refused", cure: "correct `cluster` or `workgroup`, `database`, `dbUser` or `secretArn`" };
  }
  if (status === 403 && !isForeignAnswer(error)) return { kind: "refused", cure: RIGHTS };
  return { kind: "retry" };
}

/** The cure for what a look at the database failed with before the first shard starts; undefined when it may pass by itself. */
export function cureAtOpen(error: unknown): string | undefined {
  const { code } = describeAwsError(error);
  if (identityFailureOf(error) === "expired") return RENEW_CURE;
  const home = cureAtStart(error);
  if (home !== undefined) return home;
  if (code === "ResourceNotFoundException") return "correct `cluster` or `workgroup`";
  const failure = callFailureOf(error);
  return failure.kind === "refused" ? failure.cure : undefined;
}

/**
 * Sorts the error text of a statement; the Data API has no codes for what the database says. The texts are those of Redshift's own messages
 * ("Serializable isolation violation", "Load into table", "Troubleshooting data loads" in the developer guide). Pure.
 */
function statementFailureOf(said: string): StatementFailureKind {
  // Names of tables and columns may be any words, such as "connection_timeouts": what is told by words is looked for outside of them.
  const text = said.replaceAll(/"[^"]*"/g, '"x"');
  if (/permission denied|must be owner/i.test(text))
    return {
      kind: "refused",
      cure: "grant INSERT and SELECT on the table and the ledger (DELETE too with mergeKeys), and TEMP on the database",
    };
  if (/(?:relation|schema|table|column|database) \S{1,300} does(?:n't| not) exist/i.test(text))
    return { kind: "refused", cure: NOT_THERE };
  if (
    /\b1023\b|serializable isolation|could not serialize|deadlock|conflict with concurrent|could not obtain lock|lock timeout/i.test(
      text,
    )
  )
    return { kind: "retry" };
  if (
    /disk full|out of memory|cancel|abort|timeout|timed out|restart|shutting down|terminat|connection|too many/i.test(
      text,
    )
  )
    return { kind: "retry" };
  if (
    /not authorized to assume|IAM ?role|AccessDenied|access denied|UnauthorizedException|InvalidAccessKeyId/i.test(
      text,
    )
  )
    return {
      kind: "refused",
      cure: "attach `iamRole` to the cluster, and let it read the staging bucket (s3:GetObject, s3:ListBucket)",
    };
  if (
    /(?:relation|schema|table|column|database) .{0,300}does(?:n't| not) exist|no such (?:table|column)|has no column/is.test(
      text,
    )
  )
    return { kind: "refused", cure: NOT_THERE };
  if (/syntax error|not emulated|unsupported|unrecognized/i.test(text))
    return {
      kind: "refused",
      cure: "the database did not understand the load; correct the options that the message names",
    };
  if (
    /load_error|Load into table|Check '?(?:stl|sys)|COPY |manifest|mandatory|prefix .*does not exist|key .*does not exist|NoSuchKey|invalid input|value too long|exceeds|out of range|overflow|not-null|null value|cannot insert a null|invalid digit|Assert|gzip|gunzip|incorrect data/i.test(
      text,
    )
  )
    return { kind: "data", isMissing: /does not exist|NoSuchKey|not found/i.test(text) };
  return { kind: "retry" };
}

/** A statement that ended without success. Its text may repeat values of records, so only `refused` ones are quoted, cut and without literals. */
export class StatementFailure extends Error {
  override readonly name = "StatementFailure";
  readonly failure: StatementFailureKind;

  constructor(status: string, statementId: string, text: string) {
    const failure: StatementFailureKind = status === "ABORTED" ? { kind: "retry" } : statementFailureOf(text);
    const said = failure.kind === "data" ? dataText(failure.isMissing) : withoutLiterals(text);
    super(`the statement ${statementId} ended ${status}: ${said}`);
    this.failure = failure;
  }
}

function dataText(isMissing: boolean): string {
  return isMissing ? "an object of the manifest does not exist" : "a row or an object cannot be loaded";
}

/** An error text up to its first literal: names of tables stand in double quotes, values in single ones or after a colon. */
export function withoutLiterals(text: string): string {
  return (text.split(/'|: "|\n/, 1)[0] ?? "").slice(0, 300).trim();
}

/** An error of the SDK reduced to its code, message, status and request id: the original carries the whole answer. */
export function summaryOf(error: unknown): Error {
  return awsSummaryOf(error, { service: "Redshift Data API", message: withoutLiterals });
}

/** The error that stops a shard: what was refused, and the cure. */
export function refusal(action: string, cure: string, error: unknown): KinesisConnectorError {
  const cause = error instanceof StatementFailure ? error : summaryOf(error);
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `Redshift refused ${action} (${cause.message}): ${cure}`,
    { cause },
  );
}
