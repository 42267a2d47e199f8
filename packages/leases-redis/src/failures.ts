import { asError } from "@kinesis-connectors/core";
import type { StoreFailure } from "@kinesis-connectors/leases";

/** A connection that did not come about: nothing was sent over it. */
export class ConnectFailure extends Error {
  override readonly name = "ConnectFailure";
}

const CHECK_USER = "check connection.username and connection.password";
const CHECK_SERVER = "is the server running, and are connection.host and connection.port right?";
const CHECK_TLS =
  "check the certificate of the server against connection.host, and give the authority that signed it as connection.tls.ca";

/** Words that an answer begins with, of requests that were not carried out and may be made again. */
const BUSY: ReadonlyMap<string, string> = new Map([
  ["LOADING", "it loads its data, and answers in a while"],
  ["BUSY", "another script runs for too long: look at what runs there"],
  ["READONLY", "it is a replica: give the address of the primary, or of Sentinel"],
  ["MASTERDOWN", "its primary is away"],
  ["CLUSTERDOWN", "slots of the cluster are not served: look at its nodes"],
  ["TRYAGAIN", "slots of the cluster are being moved"],
  ["NOREPLICAS", "too few replicas for min-replicas-to-write: look at them"],
  ["OOM", "it has no memory left: raise maxmemory, or take other data away"],
  ["MISCONF", "it cannot write to its disk: see its log"],
]);

const GRANT =
  "let the user run hsetnx, hget, hmget, hgetall, hset, hdel, evalsha and eval (wait with waitReplicas, select for another database than 0) on the key of the leases: ACL SETUSER, as in the README";

const REFUSED: ReadonlyMap<string, string> = new Map([
  ["WRONGPASS", CHECK_USER],
  ["NOAUTH", CHECK_USER],
  ["NOPERM", GRANT],
]);

/** A command that the user may not run, met by a script: without a word of its own (`scriptCall` of script.c, version 7.2; `luaRedisGenericCommand` before). */
const DENIED_IN_SCRIPT = /ACL failure in script|user executing the script can't (?:run|access)/;

/** What servers before version 7 put before the error of a command that a script has run (`luaPushError` of scripting.c). */
const OF_SCRIPT = /^ERR Error running script\b.*@user_script: ?\d+: -?(?=[A-Z]+ )/;

/**
 * The word in capitals that a server's answer begins with, also where a script has met it; empty for a message of the client's own.
 */
export function wordOf(message: string): string {
  return /^[A-Z]+(?= )/.exec(message.replace(OF_SCRIPT, ""))?.[0] ?? "";
}

/** Error codes of TLS that waiting does not mend (Node.js, "TLS", X509 certificate error codes). */
const TLS_CODES =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CERT_UNTRUSTED|CERT_REJECTED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID|ERR_OSSL_.*)$/;

/** What a failed call on Redis means. Whatever is not known here counts as unknown, which is always safe: it is read back. */
export function failureOf(thrown: unknown): StoreFailure {
  const isOfConnect = thrown instanceof ConnectFailure;
  const error = isOfConnect ? thrown.cause : thrown;
  const cause = shown(error);
  const code = textOf(error, "code");
  if (code !== undefined && TLS_CODES.test(code)) return { type: "fatal", cause, cure: CHECK_TLS };
  const word = wordOf(cause.message);
  const refused = REFUSED.get(word);
  if (DENIED_IN_SCRIPT.test(cause.message)) return { type: "refused", cause, cure: GRANT };
  if (refused !== undefined) return { type: "refused", cause, cure: refused };
  if (word === "MOVED" || word === "ASK")
    return { type: "refused", cause, cure: "it is a node of a cluster: give a Cluster as the option client" };
  const cure = BUSY.get(word);
  if (cure !== undefined) return { type: "waiting", cause, cure };
  if (word === "WRONGTYPE")
    return { type: "fatal", cause, cure: "its key is of another kind: choose another key" };
  // A database that is not there, a command that is renamed or unknown, a script that does not run.
  if (word === "ERR")
    return {
      type: "fatal",
      cause,
      cure: "check connection.database, and that the server is Redis 6.2 or Valkey 7.2 or newer",
    };
  return { type: isOfConnect ? "waiting" : "unknown", cause, cure: CHECK_SERVER };
}

/** The error without its command: that holds the row, or the password. */
function shown(error: unknown): Error {
  if (!(error instanceof Error)) return new Error("Redis failed");
  const code = textOf(error, "code");
  // A script's own error quotes its lines, and its arguments perhaps.
  const said = asError(error).message.split("\n", 1)[0] ?? "";
  return Object.assign(new Error(said.slice(0, 300)), {
    name: "RedisError",
    ...(code === undefined ? {} : { code }),
  });
}

function textOf(error: unknown, name: string): string | undefined {
  const value: unknown = typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === "string" ? value : undefined;
}
