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
import { Connections } from "./connections.js";
import { codeOf, failureOf } from "./failures.js";
import { type MysqlLeaseTableOptions, tableSettings } from "./options.js";
import {
  changesOfNothing,
  createTable,
  insertRow,
  quoted,
  selectRows,
  type Statement,
  updateRow,
} from "./statements.js";

/** All rows at once, and the table itself: no lease waits for it. */
const CONTROL_TIMEOUT_MS = 30_000;

/**
 * Leases in a table of MySQL or MariaDB, a row each. Exactly once holds as with DynamoDB, on a server that writes its log at each commit
 * (`innodb_flush_log_at_trx_commit = 1`, the default); across a failover, where the replica has acknowledged before (semi-synchronous or group replication,
 * Aurora, RDS Multi-AZ).
 *
 * @example
 * ```ts
 * const leaseTable = mysqlLeaseTable({ application: "clicks", connection: "mysql://connector@db.internal/leases" });
 * const connector = await startConnector({ application: "clicks", stream: "clicks", pipeline, leaseTable });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; `open` throws `KC_LEASE_TABLE` for what no waiting mends, and waits for a server that is away
 */
export function mysqlLeaseTable(options: MysqlLeaseTableOptions): LeaseTable {
  const settings = tableSettings(options);
  const { clock = systemClock, random = systemRandom, logger: given = silentLogger } = options;
  const { table, requestTimeoutMs } = settings;
  const logger = guardedLogger("logger", given);
  const connections = new Connections(settings, clock);
  const calls = new StoreCalls({ store: "MySQL", table, failureOf, clock, random, logger });
  const found = async ({ sql, values }: Statement): Promise<boolean> =>
    (await connections.found(sql, values, requestTimeoutMs)) > 0;

  function leaseOf(row: Readonly<Record<string, unknown>>): Lease {
    const leaseKey = textOf(row["lease_key"]) ?? "";
    try {
      return leaseOfFields(leaseKey, {
        ...(JSON.parse(textOf(row["lease"]) ?? "") as object),
        counter: textOf(row["counter"]),
        owner: textOf(row["owner"]),
        checkpointOwner: textOf(row["checkpoint_owner"]),
      });
    } catch (thrown) {
      const reason = thrown instanceof SyntaxError ? "lease is no JSON" : asError(thrown).message;
      throw new KinesisConnectorError(
        "KC_LEASE_TABLE",
        `the row ${leaseKey} of the table ${table} in MySQL cannot be understood: ${reason}; put back a copy of it, or delete it and its shard begins at initialPosition again`,
      );
    }
  }

  async function create(): Promise<boolean> {
    const [there] = await connections.rows(
      "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
      [table],
      CONTROL_TIMEOUT_MS,
    );
    if (there !== undefined) return false;
    if (!settings.createTable)
      throw new KinesisConnectorError(
        "KC_LEASE_TABLE",
        `the lease table ${table} does not exist; allow its creation (createTable), or create it: ${createTable(table)}`,
      );
    try {
      await connections.found(createTable(table), [], CONTROL_TIMEOUT_MS);
      return true;
    } catch (thrown) {
      // Another worker was quicker.
      if (codeOf(thrown) === "ER_TABLE_EXISTS_ERROR") return false;
      throw thrown;
    }
  }

  return {
    open: async (signal) =>
      await calls.start(signal, async () => {
        const created = await create();
        await connections.rows(`${selectRows(table)} LIMIT 0`, [], CONTROL_TIMEOUT_MS);
        for (const sql of changesOfNothing(table)) await connections.found(sql, [], CONTROL_TIMEOUT_MS);
        return { created };
      }),

    list: async () => {
      const rows = await calls.repeat("list", () =>
        connections.rows(selectRows(table), [], CONTROL_TIMEOUT_MS),
      );
      return rows.map(leaseOf);
    },

    get: async (leaseKey) => {
      const one = `${selectRows(table)} WHERE lease_key = ?`;
      const [row] = await calls.repeat("get", () =>
        connections.rows(one, [Buffer.from(leaseKey)], requestTimeoutMs),
      );
      return row && leaseOf(row);
    },

    create: async (lease) =>
      await calls.repeat("create", async () => {
        try {
          return await found(insertRow(table, lease.leaseKey, leaseFields(leaseFrom(lease))));
        } catch (thrown) {
          if (codeOf(thrown) === "ER_DUP_ENTRY") return false;
          throw thrown;
        }
      }),

    update: async (seen, change) => {
      const told = fieldChange(seen, change);
      if (told === undefined) return { type: "refused" };
      return await calls.outcome("update", () => found(updateRow(table, seen.leaseKey, told)));
    },

    describe: async (leaseKey, facts) =>
      await calls.repeat("describe", () =>
        found(updateRow(table, leaseKey, { expected: {}, write: factWrites(facts) })),
      ),

    remove: async (leaseKey) => {
      const sql = `DELETE FROM ${quoted(table)} WHERE lease_key = ?`;
      await calls.repeat("remove", () => found({ sql, values: [Buffer.from(leaseKey)] }));
    },

    /** No KCL worker shares a table of MySQL. */
    fleetMode: () => Promise.resolve(undefined),

    close: () => {
      calls.close();
      connections.close();
    },
  };
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (Buffer.isBuffer(value)) return value.toString();
  return typeof value === "string" ? value : JSON.stringify(value);
}
