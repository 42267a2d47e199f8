import type { StoreFailure } from "@kinesis-connectors/leases";
import { codeOf, failureOf, summaryOf } from "../failures.js";

/** A connection that did not come about: nothing was sent over it. */
export class ConnectFailure extends Error {
  override readonly name = "ConnectFailure";
}

const CHECK_USER = "check connection.user and connection.password, and the rules of pg_hba.conf";
const CHECK_SERVER = "is the server running, and are connection.host and connection.port right?";

/** Codes and classes with what they mean of leases (manual, "PostgreSQL Error Codes"). The longest one that fits counts. */
const KNOWN: readonly (readonly [string, StoreFailure["type"], string])[] = [
  ["28", "refused", CHECK_USER],
  ["3D000", "refused", "correct connection.database, or create the database"],
  ["3F000", "refused", "create the schema that `table` names, or correct it, or grant the user USAGE on it"],
  [
    "42501",
    "refused",
    "grant the user USAGE on the schema, and SELECT, INSERT, UPDATE and DELETE on the table or CREATE on the schema",
  ],
  [
    "42P01",
    "fatal",
    "the table is gone: put it back from a copy, or start the workers anew and every shard begins at initialPosition",
  ],
  ["42703", "fatal", "it is no table of leases: choose another one with the option table"],
  ["42", "fatal", "choose another table with the option table"],
  ["22", "fatal", "a name holds what the database cannot keep"],
  ["54", "fatal", "a row is too long: make batches with fewer objects"],
  // The server has taken back what it was asked.
  ["40", "waiting", "transactions of others are in the way"],
  ["53", "waiting", "the server has no room: look at its disk, its memory and max_connections"],
  ["55", "waiting", "the table is locked, or not ready"],
  ["25006", "waiting", "the server is read-only: give the address of the writer"],
  ["57014", "waiting", "a statement was cancelled"],
  ["57P03", "waiting", "the server starts or stops"],
];

/** What a failed call on PostgreSQL means for leases. Whatever is not known here counts as unknown, which is always safe: it is read back. */
export function leaseFailureOf(thrown: unknown): StoreFailure {
  const isOfConnect = thrown instanceof ConnectFailure;
  const error = isOfConnect ? thrown.cause : thrown;
  const { message } = summaryOf(error);
  const code = codeOf(error) ?? systemCodeOf(error);
  const cause = Object.assign(new Error(message.slice(0, 300)), {
    name: "PostgresError",
    ...(code === undefined ? {} : { code }),
  });
  const known = KNOWN.filter(([prefix]) => codeOf(error)?.startsWith(prefix)).toSorted(
    ([a], [b]) => b.length - a.length,
  )[0];
  if (known !== undefined) return { type: known[1], cause, cure: known[2] };
  // A NUL, of which nothing was sent.
  if (error instanceof RangeError)
    return { type: "fatal", cause, cure: "a name holds what the database cannot keep" };
  const failure = failureOf(error);
  // The client's own words: a certificate, TLS, a password that is missing.
  if (failure.kind === "refused" && codeOf(error) === undefined)
    return {
      type: /connection\.password/.test(failure.cure) ? "refused" : "fatal",
      cause,
      cure: failure.cure,
    };
  return { type: isOfConnect ? "waiting" : "unknown", cause, cure: CHECK_SERVER };
}

function systemCodeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}
