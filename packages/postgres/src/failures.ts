import { asError, KinesisConnectorError } from "@kinesis-connectors/core";

/** What a failed statement or connection means. */
export type Failure =
  /** May work later: a server that starts, fails over or has no room, locks, time-outs, resets, and everything that is not known. */
  | { readonly kind: "retry" }
  /** A row does not fit the table. Of a statement that writes rows alone; anywhere else it is a mistake. */
  | { readonly kind: "data" }
  /** No repetition mends it; `cure` says what will. */
  | { readonly kind: "refused"; readonly cure: string };

const CHECK_USER = "check connection.user and connection.password, and the rules of pg_hba.conf";
const CHECK_TABLES =
  "the table, a column of it or `positions` is gone or has changed: restore it, or correct `table`, `columns`, `mode.key` and `positions`";
const CHECK_TLS =
  "check the certificate of the server against connection.host, and give the authority that signed it as connection.tls.ca";

/** Codes and classes that no repetition mends, with the cure (manual, "PostgreSQL Error Codes"). The longest one that fits counts. */
const CURES: ReadonlyMap<string, string> = new Map([
  ["28", CHECK_USER],
  ["3D000", "correct connection.database, or create the database"],
  [
    "3F000",
    "create the schema that `table` and `positions` name, or correct them, or grant the user USAGE on it",
  ],
  ["42", CHECK_TABLES],
  [
    "42501",
    "grant the user USAGE on the schema and INSERT on the table (SELECT, UPDATE and DELETE as the mode needs them), and SELECT, INSERT, UPDATE and DELETE on `positions`",
  ],
  ["42P10", "create a unique index on just the columns of `mode.key`"],
  ["0A", "the server cannot do what the options ask for; see its message"],
]);

/** Codes and classes of a row that does not fit. */
const DATA = [
  // Data exceptions; integrity constraints; a row twice in one upsert; a view's check; limits of a row or an index.
  "22",
  "23",
  "21000",
  "44000",
  "54",
  // What triggers fail with: their own word, a row that they look for, a case that they do not know, functions in other languages.
  "P0",
  "09",
  "20000",
  "27000",
  "2F",
  "38",
  "39",
] as const;

/** What the most frequent codes mean, for messages: those of the server may hold values of the row. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["21000", "two rows of one key"],
  ["22001", "a text is too long for its column"],
  ["22003", "a number is out of the range of its column"],
  ["22007", "no date or time"],
  ["22008", "a date or time out of range"],
  ["22021", "a character that the database's encoding has not"],
  ["22P02", "a text that is no value of the column's type"],
  ["22P05", "a character that has no form in a text, such as NUL"],
  ["23502", "a NULL in a column that is NOT NULL"],
  ["23503", "a foreign key without its row"],
  ["23505", "a key that is there already"],
  ["23514", "a check constraint"],
  ["23P01", "an exclusion constraint"],
  ["44000", "the check of a view"],
  ["54000", "a limit of the server, such as the size of a field or of an index entry"],
  ["54001", "it is nested too deep"],
  ["42501", "a policy of row security"],
  ["P0001", "a trigger refused it"],
  ["P0002", "a trigger found no row that belongs to it"],
  ["P0003", "a trigger found several rows that belong to it"],
]);

/** Error codes of TLS that waiting does not mend (Node.js, "TLS", X509 certificate error codes). */
const TLS_CODES =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CERT_UNTRUSTED|CERT_REJECTED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID|ERR_OSSL_.*)$/;

/** A table that another process creates at the same moment: it is found as the table, as its row type, or as the row of either in the catalog. */
const CREATED_BY_ANOTHER: ReadonlySet<string> = new Set(["42P07", "42710", "23505"]);

/** Whether a CREATE TABLE failed because somebody else was first. */
export function isCreatedByAnother(error: unknown): boolean {
  return CREATED_BY_ANOTHER.has(codeOf(error) ?? "");
}

/** The SQLSTATE of a server's answer; undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  const code = field(error, "code");
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && field(error, "severity") !== undefined
    ? code
    : undefined;
}

/** Sorts what a statement or a connection failed with. Pure. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  if (code === undefined) return failureOfClient(error);
  if (DATA.some((known) => code.startsWith(known))) return { kind: "data" };
  const cure = CURES.get(code) ?? CURES.get(code.slice(0, 2));
  return cure === undefined ? { kind: "retry" } : { kind: "refused", cure };
}

/** What no trigger can say of a row: that the same may work later. */
const LATER = /^(?:08|40|53|55|57|58)/;

/** Whether a statement that writes rows failed because of a row; the same code anywhere else may be a mistake in the options. */
export function isAboutRows(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return false;
  if (failureOf(error).kind === "data") return true;
  // Rows that a policy of row security does not let in have the code of missing rights.
  return isOfPolicy(error) || (isRaised(error) && !LATER.test(code));
}

/** The server's function that found the error: of messages the one part that is never translated. */
function isOfPolicy(error: unknown): boolean {
  return codeOf(error) === "42501" && field(error, "routine") === "ExecWithCheckOptions";
}

/** Whether it is the RAISE of a trigger, with a code and a message of its author's. */
function isRaised(error: unknown): boolean {
  return field(error, "routine") === "exec_stmt_raise";
}

function failureOfClient(error: unknown): Failure {
  if (TLS_CODES.test(field(error, "code") ?? "")) return { kind: "refused", cure: CHECK_TLS };
  const message = error instanceof Error ? error.message : "";
  // What pg's client says by itself has no codes.
  if (message === "The server does not support SSL connections")
    return {
      kind: "refused",
      cure: "turn ssl on at the server; or set connection.tls to false, and rows travel readable",
    };
  if (/^(?:SASL: |Password must be a string)/.test(message)) return { kind: "refused", cure: CHECK_USER };
  return { kind: "retry" };
}

/**
 * The same error without what it may hold of a row: of a server's answer the code, names of the catalog, and its message only where that is about the server
 * and not about values.
 */
export function summaryOf(error: unknown): Error {
  const code = codeOf(error);
  if (code === undefined) return error instanceof Error ? asError(error) : new Error("PostgreSQL failed");
  const isAboutServer =
    !isRaised(error) && !isOfPolicy(error) && /^(?:08|0A|25|28|3D|3F|40|42|53|55|57|58)/.test(code);
  const said = isAboutServer ? (error as Error).message.slice(0, 300) : NAMES.get(code);
  const names = ["schema", "table", "column", "constraint"].flatMap((name) => {
    const value = field(error, name);
    return value === undefined ? [] : [`${name} ${value}`];
  });
  const parts = [said, ...names].filter((part) => part !== undefined);
  return Object.assign(
    new Error(`PostgreSQL answered ${code}${parts.length === 0 ? "" : `: ${parts.join(", ")}`}`),
    { name: "PostgresError", code },
  );
}

/** Why an entry becomes a dead letter. */
export function rejection(error: unknown): KinesisConnectorError {
  const cause = summaryOf(error);
  return new KinesisConnectorError(
    "KC_RECORD_POISON",
    `PostgreSQL will never take the row (${cause.message}): compare it with the table's columns and constraints`,
    { cause },
  );
}

/** The error that stops a shard: what was refused, and the cure. */
export function refusal(cure: string, error: unknown): KinesisConnectorError {
  const cause = summaryOf(error);
  return new KinesisConnectorError("KC_EMIT_REFUSED", `${cause.message}: ${cure}`, { cause });
}

function field(error: unknown, name: string): string | undefined {
  const value: unknown = typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}
