import type { PostgresConnect } from "@kinesis-connectors/postgres";
import { failureError } from "../world/call-error.js";
import type { Network } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import type { SimProcess } from "../world/sim-process.js";
import type { DatabaseSession, PostgresDatabase, TargetRow } from "./postgres-database.js";

/** How long after a client is gone the server may take to notice: until then it carries out what is still under way. */
const MAX_UNNOTICED_MS = 15_000;

/** PostgreSQL as a driver shows it: the emitter's own code down to the statements, and none of the client `pg`. */
export class SimPostgres {
  readonly #database: PostgresDatabase;
  readonly #network: Network;
  readonly #random: SeededRandom;

  constructor(database: PostgresDatabase, network: Network, random: SeededRandom) {
    this.#database = database;
    this.#network = network;
    this.#random = random;
  }

  /** Opens the connections of one process. */
  connectorOf(process: SimProcess): PostgresConnect {
    return async () => {
      const server = this.#database.open();
      let statements = 0;
      await this.#send(process, "connect", () => Promise.resolve([]));
      return {
        query: (text, values = []) => {
          statements += 1;
          return this.#send(process, nameOf(text), answerOnce(server, text, values));
        },
        close: () => {
          const noticedMs = this.#random.between(1, MAX_UNNOTICED_MS);
          this.#database.scheduler.after(statements === 0 ? 0 : noticedMs, undefined, () => server.end());
          return Promise.resolve();
        },
      };
    };
  }

  #send(
    process: SimProcess,
    name: string,
    apply: () => Promise<readonly TargetRow[]>,
  ): Promise<readonly TargetRow[]> {
    return this.#network.send<readonly TargetRow[]>({
      process,
      to: "destination",
      name,
      about: "-",
      apply,
      failed: (failure) => {
        throw failureError(failure, "57P03", 503);
      },
    });
  }
}

/** A statement goes over its connection once, whatever repeats itself below: TCP gives each byte once. */
function answerOnce(
  server: DatabaseSession,
  text: string,
  values: readonly (string | null)[],
): () => Promise<readonly TargetRow[]> {
  let answer: Promise<readonly TargetRow[]> | undefined;
  return () => (answer ??= catalogAnswer(text, values) ?? server.run(text, values));
}

/** Steps of a transaction, for the trace and the crash points. */
const NAMES: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/FOR UPDATE$/, "lock-position"],
  [/ON CONFLICT DO NOTHING$/, "first-position"],
  [/^INSERT/, "insert-rows"],
  [/COMMIT$/, "commit-rows"],
  [/^ROLLBACK TO/, "undo-rows"],
  [/^ROLLBACK/, "roll-back"],
  [/^(?:SAVEPOINT|RELEASE)/, "savepoint"],
  [/^(?:SET LOCAL [^;]*; )?SELECT seq/, "read-position"],
  [/^DELETE/, "remove-positions"],
];

function nameOf(sql: string): string {
  return NAMES.find(([pattern]) => pattern.test(sql))?.[1] ?? "look-up";
}

const TYPES: readonly string[] = ["bigint", "integer", "text", "numeric", "timestamptz"];
const COLUMNS: Readonly<Record<string, readonly (readonly [name: string, type: string])[]>> = {
  rows: [
    ["id", "bigint"],
    ["n", "integer"],
    ["at", "text"],
    ["key", "text"],
    ["unwritable", "integer"],
  ],
  kc_positions: [
    ["application", "text"],
    ["stream", "text"],
    ["shard", "text"],
    ["destination", "text"],
    ["seq", "numeric"],
    ["sub", "bigint"],
    ["updated_at", "timestamptz"],
  ],
};

/** What the catalog says of the two tables; undefined for a statement about something else. */
function catalogAnswer(
  sql: string,
  [about = ""]: readonly (string | null)[],
): Promise<readonly TargetRow[]> | undefined {
  const name = about?.replaceAll('"', "") ?? "";
  if (sql.includes("to_regtype")) return Promise.resolve([{ oid: String(TYPES.indexOf(name)) }]);
  if (sql.includes("pg_catalog.pg_index"))
    return Promise.resolve([{ names: '["application","stream","shard","destination"]' }]);
  if (sql.includes("pg_catalog.pg_attribute")) {
    return Promise.resolve(
      (COLUMNS[name] ?? []).map(([column, type]) => ({
        name: column,
        type_oid: String(TYPES.indexOf(type)),
        base_oid: String(TYPES.indexOf(type)),
        type,
        base_type: type,
        base_name: type,
        category: "-",
        element_name: null,
        delimiter: ",",
        digits: null,
      })),
    );
  }
  if (!sql.includes("pg_catalog.pg_class")) return undefined;
  const rights = { SELECT: "true", INSERT: "true", UPDATE: "true", DELETE: "true" };
  return Promise.resolve([
    { oid: name, sql: name, kind: "r", durable: "true", triggers: "false", ...rights },
  ]);
}
