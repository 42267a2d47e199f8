import {
  errorFields,
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
  leaseOfFields,
  type LeaseTable,
  StoreCalls,
} from "@kinesis-connectors/leases";
import { Connection, type RedisClient } from "./connection.js";
import { failureOf } from "./failures.js";
import { type RedisLeaseTableOptions, tableSettings } from "./options.js";
import { Replicas } from "./replicas.js";
import {
  ANSWER,
  changeArguments,
  createArguments,
  evaluate,
  FORMAT,
  FORMAT_FIELD,
  type ScriptArguments,
} from "./script.js";
import { askForRights } from "./rights.js";
import { settingsFaults } from "./server-settings.js";

/** All rows at once, and what a start asks: no lease waits for it. */
const CONTROL_TIMEOUT_MS = 30_000;

/**
 * Leases in a hash of Redis or Valkey, a row a field. Exactly once holds on one server that writes its log before it answers (`appendonly yes`, `appendfsync
 * always`), and on MemoryDB; across the failover of a replicated Redis it is at least once, because the replica may not have the last write.
 *
 * @example
 * ```ts
 * const leaseTable = redisLeaseTable({ application: "clicks", connection: "redis://cache.internal:6379/0" });
 * const connector = await startConnector({ application: "clicks", stream: "clicks", pipeline, leaseTable });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; `open` throws `KC_LEASE_TABLE` for what no waiting mends, and waits for a server that is away
 */
export function redisLeaseTable(options: RedisLeaseTableOptions): LeaseTable {
  const settings = tableSettings(options);
  const { clock = systemClock, random = systemRandom, logger: given = silentLogger } = options;
  const { key, requestTimeoutMs, waitReplicas } = settings;
  const logger = guardedLogger("logger", given);
  const connection = new Connection(settings, clock);
  const calls = new StoreCalls({ store: "Redis", table: key, failureOf, clock, random, logger });
  const replicas = new Replicas({ connection, key, count: waitReplicas, timeoutMs: requestTimeoutMs });

  /** Runs the script, and gives whether it has written. */
  async function written(args: ScriptArguments): Promise<boolean> {
    const answer = await connection.use(requestTimeoutMs, (client) => evaluate(client, key, args));
    if (answer === ANSWER.noTable) throw gone(key);
    return answer === ANSWER.applied;
  }

  /** Makes a call until it is answered, and waits for the replicas then: a row that was created is not created once more. */
  async function repeat<Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> {
    const answer = await calls.repeat(operation, call);
    await calls.repeat(operation, () => replicas.haveIt());
    return answer;
  }

  function leaseOf(leaseKey: string, row: string): Lease {
    try {
      return leaseOfFields(leaseKey, JSON.parse(row) as Readonly<Record<string, unknown>>);
    } catch (thrown) {
      const reason = thrown instanceof SyntaxError ? "it is no JSON" : asError(thrown).message;
      throw new KinesisConnectorError(
        "KC_LEASE_TABLE",
        `the row ${leaseKey} of the hash ${key} in Redis cannot be understood: ${reason}; put back a copy of it, or delete the field and its shard begins at initialPosition again`,
      );
    }
  }

  return {
    open: async (signal) =>
      await calls.start(signal, async () =>
        connection.use(CONTROL_TIMEOUT_MS, async (client) => {
          for (const { level, ...line } of settingsFaults(await settingsOf(client), key)) {
            if (level === "stop") throw new KinesisConnectorError("KC_LEASE_TABLE", line.message);
            logger.warn({ table: key }, line.message);
          }
          const created = (await client.hsetnx(key, FORMAT_FIELD, FORMAT)) === 1;
          const { [FORMAT_FIELD]: format } = await client.hgetall(key);
          if (format !== FORMAT) throw otherFormat(key);
          await askForRights(client, key, waitReplicas > 0);
          return { created };
        }),
      ),

    list: async () =>
      await calls.repeat("list", async () => {
        const rows = await connection.use(CONTROL_TIMEOUT_MS, (client) => client.hgetall(key));
        if (rows[FORMAT_FIELD] === undefined) throw gone(key);
        return Object.entries(rows)
          .filter(([name]) => !name.startsWith(FORMAT_FIELD))
          .map(([leaseKey, row]) => leaseOf(leaseKey, row));
      }),

    // What is read back is decided by: a failover must not forget it either.
    get: async (leaseKey) =>
      await repeat("get", async () => {
        const [format, row] = await connection.use(requestTimeoutMs, (client) =>
          client.hmget(key, FORMAT_FIELD, leaseKey),
        );
        if (format === undefined || format === null) throw gone(key);
        return row === undefined || row === null ? undefined : leaseOf(leaseKey, row);
      }),

    create: async (lease) => await repeat("create", async () => await written(createArguments(lease))),

    update: async (seen, change) => {
      const told = fieldChange(seen, change);
      if (told === undefined) return { type: "refused" };
      return await calls.outcome("update", async () => {
        const isApplied = await written(changeArguments(seen.leaseKey, told));
        await replicas.haveIt();
        return isApplied;
      });
    },

    describe: async (leaseKey, facts) => {
      const args = changeArguments(leaseKey, { expected: {}, write: factWrites(facts) });
      return await repeat("describe", async () => await written(args));
    },

    remove: async (leaseKey) => {
      await repeat("remove", () => connection.use(requestTimeoutMs, (client) => client.hdel(key, leaseKey)));
    },

    /** No KCL worker shares a Redis. */
    fleetMode: () => Promise.resolve(undefined),

    close: () => {
      calls.close();
      connection.close();
    },
  };

  async function settingsOf(client: RedisClient): Promise<string> {
    try {
      const appendfsync: unknown = await client.call("CONFIG", "GET", "appendfsync");
      const said = Array.isArray(appendfsync) ? appendfsync : Object.entries(appendfsync as object).flat();
      return `${await client.info()}\r\nappendfsync:${String(said[1] ?? "")}\r\n`;
    } catch (thrown) {
      // Managed services refuse CONFIG, and users without the right get neither.
      logger.debug({ table: key, ...errorFields(asError(thrown)) }, "the settings of Redis are not told");
      return await client.info().catch(() => "");
    }
  }
}

function gone(key: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the leases in Redis are gone: there is no hash ${key} any more (a FLUSHALL, an eviction, a server that was started without its data, or a failover to an empty one); put them back from a copy, or start the workers anew and every shard begins at initialPosition`,
  );
}

function otherFormat(key: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the hash ${key} in Redis holds leases of another version: update this program, or choose another key`,
  );
}
