import {
  asError,
  guardedLogger,
  KinesisConnectorError,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import {
  factWrites,
  fieldChange,
  type Lease,
  leaseFields,
  leaseFrom,
  leaseOfFields,
  type LeaseTable,
  StoreCalls,
} from "@kinesis-connectors/leases";
import type { AnswerRow } from "../connection/session.js";
import { isCreatedByAnother } from "../failures.js";
import { LeaseConnections } from "./lease-connections.js";
import { leaseFailureOf } from "./lease-failures.js";
import { leaseTableSettings, type PostgresLeaseTableOptions } from "./options.js";
import {
  changeNothing,
  createTable,
  insertRow,
  selectRows,
  type Statement,
  updateRow,
} from "./statements.js";

/**
 * Leases in a table of PostgreSQL, a row each. Exactly once holds as with DynamoDB: commits are durable, also where `synchronous_commit` is off by default; across a
 * failover, where the standby has acknowledged before (`synchronous_standby_names`, Aurora, RDS Multi-AZ).
 *
 * @example
 * ```ts
 * const leaseTable = postgresLeaseTable({ application: "clicks", connection: "postgres://connector@db.internal/leases" });
 * const connector = await startConnector({ application: "clicks", stream: "clicks", pipeline, leaseTable });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; `open` throws `KC_LEASE_TABLE` for what no waiting mends, and waits for a server that is away
 */
export function postgresLeaseTable(options: PostgresLeaseTableOptions): LeaseTable {
  const settings = leaseTableSettings(options);
  const { clock = systemClock, random = systemRandom, logger: given = silentLogger } = options;
  const { text: name, sql: table } = settings.table;
  const logger = guardedLogger("logger", given);
  const calls = new StoreCalls({
    store: "PostgreSQL",
    table: name,
    failureOf: leaseFailureOf,
    clock,
    random,
    logger,
  });
  const connections = new LeaseConnections(settings, clock, calls.closed);
  const isFound = async (statement: Statement): Promise<boolean> =>
    (await connections.row(statement)).length > 0;

  function leaseOf(row: AnswerRow): Lease {
    const leaseKey = row["lease_key"] ?? "";
    try {
      return leaseOfFields(leaseKey, {
        ...(JSON.parse(row["lease"] ?? "") as object),
        counter: row["counter"],
        owner: row["owner"],
        checkpointOwner: row["checkpoint_owner"],
      });
    } catch (thrown) {
      throw new KinesisConnectorError(
        "KC_LEASE_TABLE",
        `the row ${leaseKey} of the table ${name} in PostgreSQL cannot be understood: ${asError(thrown).message}; put back a copy of it, or delete it and its shard begins at initialPosition again`,
      );
    }
  }

  async function create(): Promise<boolean> {
    const [there] = await connections.all({
      sql: "SELECT to_regclass($1)::text AS name",
      values: [table],
    });
    if (there?.["name"] !== null) return false;
    if (!settings.createTable)
      throw new KinesisConnectorError(
        "KC_LEASE_TABLE",
        `the lease table ${name} does not exist; allow its creation (createTable), or create it: ${createTable(table)}`,
      );
    try {
      await connections.all({ sql: createTable(table), values: [] });
      return true;
    } catch (thrown) {
      // Another worker was quicker.
      if (isCreatedByAnother(thrown)) return false;
      throw thrown;
    }
  }

  return {
    open: async (signal) =>
      await calls.start(signal, async () => {
        const created = await create();
        await connections.all({ sql: changeNothing(table), values: [] });
        return { created };
      }),

    list: async () => {
      const statement = { sql: selectRows(table), values: [] };
      return (await calls.repeat("list", () => connections.all(statement))).map(leaseOf);
    },

    get: async (leaseKey) => {
      const statement = { sql: `${selectRows(table)} WHERE lease_key = $1`, values: [leaseKey] };
      const [row] = await calls.repeat("get", () => connections.row(statement));
      return row && leaseOf(row);
    },

    create: async (lease) => {
      const statement = insertRow(table, lease.leaseKey, leaseFields(leaseFrom(lease)));
      return await calls.repeat("create", () => isFound(statement));
    },

    update: async (seen, change) => {
      const told = fieldChange(seen, change);
      if (told === undefined) return { type: "refused" };
      return await calls.outcome("update", () => isFound(updateRow(table, seen.leaseKey, told)));
    },

    describe: async (leaseKey, facts) => {
      const statement = updateRow(table, leaseKey, { expected: {}, write: factWrites(facts) });
      return await calls.repeat("describe", () => isFound(statement));
    },

    remove: async (leaseKey) => {
      const statement = { sql: `DELETE FROM ${table} WHERE lease_key = $1`, values: [leaseKey] };
      await calls.repeat("remove", () => connections.row(statement));
    },

    /** No KCL worker shares a table of PostgreSQL. */
    fleetMode: () => Promise.resolve(undefined),

    close: () => {
      calls.close();
      connections.close();
    },
  };
}
