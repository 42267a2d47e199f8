import { asError } from "@kinesis-connectors/core";
import type { StoreFailure } from "@kinesis-connectors/leases";

/** A connection that did not come about: nothing was sent over it. */
export class ConnectFailure extends Error {
  override readonly name = "ConnectFailure";
}

const CHECK_USER = "check connection.user and connection.password, and the rights of the user";
const CHECK_SERVER = "is the server running, and are connection.host and connection.port right?";
const CHECK_TLS =
  "check the certificate of the server against connection.host, and give the authority that signed it as connection.tls.ca";

/** Errors of the server that no waiting mends, unless the same had worked before (MySQL "Server Error Message Reference"). */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["ER_ACCESS_DENIED_ERROR", CHECK_USER],
  ["ER_ACCESS_DENIED_NO_PASSWORD_ERROR", CHECK_USER],
  ["ER_NOT_SUPPORTED_AUTH_MODE", CHECK_USER],
  ["ER_HOST_NOT_PRIVILEGED", "let the user connect from this machine"],
  [
    "ER_DBACCESS_DENIED_ERROR",
    "grant the user SELECT, INSERT, UPDATE, DELETE and CREATE in connection.database",
  ],
  [
    "ER_TABLEACCESS_DENIED_ERROR",
    "grant the user SELECT, INSERT, UPDATE, DELETE and CREATE in connection.database",
  ],
  ["ER_BAD_DB_ERROR", "correct connection.database, or create the database"],
  ["ER_ACCOUNT_HAS_BEEN_LOCKED", "unlock the user"],
  ["ER_MUST_CHANGE_PASSWORD_LOGIN", "give the user a new password"],
]);

/** Errors that no waiting mends at all. */
const FATAL: ReadonlyMap<string, string> = new Map([
  [
    "ER_NO_SUCH_TABLE",
    "the table is gone: put it back from a copy, or start the workers anew and every shard begins at initialPosition",
  ],
  ["ER_BAD_FIELD_ERROR", "it is no table of leases: choose another name with the option table"],
  ["ER_WRONG_TABLE_NAME", "choose another name with the option table"],
  ["ER_TOO_LONG_IDENT", "choose another name with the option table"],
  ["ER_TOO_LONG_KEY", "let the database keep its tables in InnoDB, in a format of rows that is not COMPACT"],
  ["ER_DATA_TOO_LONG", "a row is too long: make batches with fewer objects"],
  [
    "ER_NET_PACKET_TOO_LARGE",
    "a row is too long: raise max_allowed_packet, or make batches with fewer objects",
  ],
  [
    "HANDSHAKE_NO_SSL_SUPPORT",
    "turn TLS on at the server; or set connection.tls to false, and rows travel readable",
  ],
]);

/** Requests that the server did not carry out, or has taken back. */
const WAITING: ReadonlySet<string> = new Set([
  "ER_LOCK_DEADLOCK",
  "ER_LOCK_WAIT_TIMEOUT",
  "ER_CON_COUNT_ERROR",
  "ER_TOO_MANY_USER_CONNECTIONS",
  "ER_USER_LIMIT_REACHED",
  "ER_HOST_IS_BLOCKED",
  "ER_OUT_OF_RESOURCES",
  "ER_SERVER_SHUTDOWN",
  "ER_RECORD_FILE_FULL",
  "ER_DISK_FULL",
  "ER_OPTION_PREVENTS_STATEMENT",
  "ER_READ_ONLY_MODE",
  "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION",
  "ER_QUERY_INTERRUPTED",
]);

/** Error codes of TLS that waiting does not mend (Node.js, "TLS", X509 certificate error codes). */
const TLS_CODES =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CERT_UNTRUSTED|CERT_REJECTED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID|ERR_OSSL_.*)$/;

/** What a failed call on MySQL means. Whatever is not known here counts as unknown, which is always safe: it is read back. */
export function failureOf(thrown: unknown): StoreFailure {
  const isOfConnect = thrown instanceof ConnectFailure;
  const error = isOfConnect ? thrown.cause : thrown;
  const code = codeOf(error);
  const cause = shown(error, code);
  if (TLS_CODES.test(code)) return { type: "fatal", cause, cure: CHECK_TLS };
  const refused = REFUSED.get(code);
  if (refused !== undefined) return { type: "refused", cause, cure: refused };
  const fatal = FATAL.get(code);
  if (fatal !== undefined) return { type: "fatal", cause, cure: fatal };
  if (isOfConnect || WAITING.has(code)) return { type: "waiting", cause, cure: CHECK_SERVER };
  return { type: "unknown", cause, cure: CHECK_SERVER };
}

/** The server's or the system's code of an error, such as `ER_LOCK_DEADLOCK` or `ECONNREFUSED`; empty where there is none. */
export function codeOf(error: unknown): string {
  const code: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : "";
}

/** The error without its statement: that holds the row. */
function shown(error: unknown, code: string): Error {
  const said = error instanceof Error ? asError(error).message.slice(0, 300) : "MySQL failed";
  return Object.assign(new Error(said), { name: "MysqlError", ...(code === "" ? {} : { code }) });
}
