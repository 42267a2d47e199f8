import { inspect } from "node:util";
import { type KinesisConnectorError, type Logger, silentLogger } from "@kinesis-connectors/core";
import type { Lease, LeaseTable, NewLease } from "@kinesis-connectors/leases";
import { describeOn, startAnswerCutter, startPostgres } from "@kinesis-connectors/servers";
import { Client } from "pg";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { postgresLeaseTable, type PostgresLeaseTableOptions } from "../../src/index.js";

const postgres = await startPostgres();
const standby = postgres.name === "PGlite" ? undefined : await startPostgres({ standby: true });
afterAll(async () => {
  await standby?.[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

const lease: NewLease = {
  leaseKey: "s0",
  checkpoint: "TRIM_HORIZON",
  parentShardIds: [],
  hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
};

let made = 0;
let name: string;
let tables: LeaseTable[];
let lines: string[];
const logger: Logger = {
  ...silentLogger,
  warn: (fields, message) => void lines.push(`${JSON.stringify(fields)} ${message}`),
};

beforeEach(() => {
  made += 1;
  name = `kc_test_${Date.now()}_${made}_outages`;
  tables = [];
  lines = [];
});

afterEach(() => {
  for (const table of tables) table.close?.();
});

describeOn(describe, postgres, "PostgreSQL", ({ name: serverName, url, process }) => {
  /** PGlite asks for no password, and has one session for all connections. */
  const isReal = serverName !== "PGlite" && process !== undefined;
  // Whatever a test has left: the next one finds a server.
  afterEach(async () => {
    await process?.start();
  });

  const parts = () => {
    const { hostname, port, password, username, pathname } = new URL(url);
    return { host: hostname, port: Number(port), user: username, password, database: pathname.slice(1) };
  };
  const tableOf = (more: Partial<PostgresLeaseTableOptions> = {}): LeaseTable => {
    const table = postgresLeaseTable({
      application: "outages",
      table: name,
      connection: url,
      logger,
      ...more,
    });
    tables.push(table);
    return table;
  };
  const sql = async (text: string): Promise<void> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(text);
    await client.end();
  };
  const refusalOf = async (work: Promise<unknown>): Promise<KinesisConnectorError> =>
    await work.then(
      () => {
        throw new Error("it was not refused");
      },
      (error: KinesisConnectorError) => error,
    );
  const opened = async (table: LeaseTable): Promise<Lease> => {
    await table.open();
    await table.create(lease);
    const seen = await table.get("s0");
    if (seen === undefined) throw new Error("no row");
    return seen;
  };
  /** The row by a table that gives up soon, once it has a connection: on a busy machine that takes longer. */
  const reached = async (table: LeaseTable): Promise<Lease> => {
    const seen = await opened(tableOf());
    await expect.poll(() => table.get("s0").catch(() => undefined)).toEqual(seen);
    return seen;
  };

  it.runIf(isReal).each([
    ["a wrong password", { password: "the-wrong-one" }, "connection.password"],
    ["no password", { password: undefined }, "connection.password"],
    ["a user that is not there", { user: "bob" }, "connection.user"],
    ["a database that is not there", { database: "nowhere" }, "connection.database"],
    ["a server without TLS", { tls: true }, "connection.tls"],
  ])("%s stops the start at once, names the option and tells no secret", async (_what, more, option) => {
    const { password, ...others } = { ...parts(), ...more };
    const connection = { ...others, ...(password === undefined ? {} : { password }) };
    const error = await refusalOf(tableOf({ connection }).open());
    expect(error.code).toBe("KC_LEASE_TABLE");
    expect(error.message).toContain(option);
    const shown = inspect(error, { depth: 10, showHidden: true }) + lines.join("\n");
    for (const secret of ["the-wrong-one", parts().password]) expect(shown).not.toContain(secret);
  });

  it("a table of another kind is left alone", async () => {
    await sql(`CREATE TABLE ${name} (id int PRIMARY KEY)`);
    expect((await refusalOf(tableOf().open())).message).toContain("option table");
    await sql(`DROP TABLE ${name}`);
  });

  it("a table that is missing and must not be created is told, with the statement that creates it", async () => {
    const error = await refusalOf(tableOf({ createTable: false }).open());
    const statement = /create it: (.*)$/s.exec(error.message)?.[1] ?? "";
    await sql(statement);
    expect(await tableOf({ createTable: false }).open()).toEqual({ created: false });
  });

  it("a table that is dropped stops whoever has it open", async () => {
    const table = tableOf();
    const seen = await opened(table);
    await sql(`DROP TABLE ${name}`);
    const calls: Promise<unknown>[] = [table.list(), table.get("s0"), table.update(seen, { type: "renew" })];
    for (const { message } of await Promise.all(calls.map(refusalOf)))
      expect(message).toContain("the table is gone");
  });

  it("of many that start at once, one creates the table", async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => tableOf().open()));
    expect(opened.filter(({ created }) => created)).toHaveLength(1);
  });

  it("a row that cannot be understood is named, and is not made anew", async () => {
    const table = tableOf();
    await opened(table);
    await sql(`UPDATE ${name} SET lease = '{"checkpoint":"secret"}'`);
    const error = await refusalOf(table.list());
    expect(error.message).toMatch(/row s0 .* checkpoint is no checkpoint/);
    expect(inspect(error)).not.toContain("secret");
    expect(await table.create(lease)).toBe(false);
  });

  it("owners that differ in case or in a blank are different owners", async () => {
    const table = tableOf();
    const seen = await opened(table);
    expect((await table.update(seen, { type: "take", owner: "worker:A" })).type).toBe("applied");
    for (const owner of ["worker:a", "worker:A ", "worker:Ä"])
      expect((await table.update({ ...seen, owner, counter: 1 }, { type: "renew" })).type).toBe("refused");
    expect((await table.get("s0"))?.owner).toBe("worker:A");
  });

  it("an update that was carried out and never answered is unknown, and the row has it", async () => {
    await using cutter = await startAnswerCutter({ url });
    const table = tableOf({ connection: cutter.url });
    const seen = await opened(table);
    const other = tableOf();
    const hasHappened = cutter.cut(async () => {
      await expect.poll(async () => (await other.get("s0"))?.counter).toBe(1);
    });
    expect((await table.update(seen, { type: "take", owner: "a" })).type).toBe("unknown");
    expect(hasHappened()).toBe(true);
    expect((await table.get("s0"))?.owner).toBe("a");
  });

  it("a server that is silent: an update is unknown in time, and the next one goes by a new connection", async () => {
    await using cutter = await startAnswerCutter({ url });
    const table = tableOf({ connection: cutter.url, requestTimeoutMs: 500 });
    const seen = await reached(table);
    cutter.silence();
    expect((await table.update(seen, { type: "renew" })).type).toBe("unknown");
    // No connection comes about: nothing was sent.
    expect((await table.update(seen, { type: "renew" })).type).toBe("throttled");
    cutter.speak();
    await expect.poll(async () => (await table.update(seen, { type: "renew" })).type).toBe("applied");
  });

  it("writes durably, within its time, whatever the defaults of the database", async () => {
    const database = new URL(url).pathname.slice(1);
    await sql(`ALTER DATABASE ${database} SET synchronous_commit = off`);
    try {
      const table = tableOf({ requestTimeoutMs: 7_000 });
      await table.open();
      await sql(
        `ALTER TABLE ${name} ADD COLUMN durable text DEFAULT current_setting('synchronous_commit'), ADD COLUMN statement text DEFAULT current_setting('statement_timeout')`,
      );
      await table.create(lease);
      const client = new Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query(`SELECT durable, statement FROM ${name}`);
      await client.end();
      expect(rows).toEqual([{ durable: "on", statement: "7s" }]);
    } finally {
      await sql(`ALTER DATABASE ${database} RESET synchronous_commit`);
    }
  });

  it.runIf(isReal)("a request that was given up does not wait on at the server for a lock", async () => {
    const table = tableOf({ requestTimeoutMs: 300 });
    const seen = await reached(table);
    const other = new Client(url);
    await other.connect();
    try {
      await other.query(`BEGIN; SELECT * FROM ${name} FOR UPDATE`);
      expect((await table.update(seen, { type: "take", owner: "late" })).type).toBe("throttled");
      const { rows } = await other.query(
        "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1",
        [`%${name}%`],
      );
      expect(rows).toEqual([]);
    } finally {
      await other.end();
    }
    expect((await table.get("s0"))?.owner).toBeUndefined();
  });

  it.runIf(isReal)(
    "a password that is a function is asked for each connection, and more calls than connections wait for their turn",
    async () => {
      let asked = 0;
      const { password, ...others } = parts();
      const fetched = (): Promise<string> => {
        asked += 1;
        return Promise.resolve(password);
      };
      const table = tableOf({ connection: { ...others, password: fetched }, maxConnections: 2 });
      await table.open();
      expect(asked).toBe(1);
      const keys = Array.from({ length: 20 }, (_, index) => `s${index}`);
      await Promise.all(keys.map((leaseKey) => table.create({ ...lease, leaseKey })));
      expect((await table.list()).map(({ leaseKey }) => leaseKey).toSorted()).toEqual(keys.toSorted());
      // One for what no lease waits for, and two for rows.
      expect(asked).toBe(3);
    },
  );

  // What follows stops a server, and is for those that were started here.
  it.runIf(isReal)("a server that is read-only is no place for leases, and waited for", async () => {
    await sql("ALTER DATABASE postgres SET default_transaction_read_only = on");
    const writable = "BEGIN READ WRITE; ALTER DATABASE postgres RESET default_transaction_read_only; COMMIT";
    try {
      const opening = tableOf().open();
      await expect.poll(() => lines.length).toBeGreaterThan(0);
      expect(lines[0]).toMatch(/read-only.*give the address of the writer/);
      await sql(writable);
      expect(await opening).toEqual({ created: true });
    } finally {
      await sql(writable);
    }
  });

  it.runIf(standby !== undefined)("a standby tells rows of a while ago, so it is not asked", async () => {
    const opening = tableOf({ connection: standby?.url ?? "" }).open();
    opening.catch(() => undefined);
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    expect(lines[0]).toContain("the server is a standby: give the address of the writer");
    for (const table of tables) table.close?.();
    await expect(opening).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
  });

  it.runIf(process !== undefined)(
    "a server that is away is waited for by a start, which tells so, and by a table that is open",
    async () => {
      const table = tableOf();
      await process?.kill();
      const opening = table.open();
      await expect.poll(() => lines.length).toBeGreaterThan(0);
      expect(lines[0]).toMatch(/ECONNREFUSED.*waiting: is the server running/);
      await process?.start();
      expect(await opening).toEqual({ created: true });
      const seen = await opened(table);
      await process?.kill();
      // What a dying server still does is done; once the break is noticed nothing is sent any more.
      await expect.poll(async () => (await table.update(seen, { type: "renew" })).type).toBe("throttled");
      expect((await refusalOf(table.get("s0"))).message).toContain("ECONNREFUSED");
      await process?.start();
      const renewed = async (): Promise<string> => {
        const row = await table.get("s0");
        return row === undefined ? "gone" : (await table.update(row, { type: "renew" })).type;
      };
      await expect.poll(renewed).toBe("applied");
    },
  );
});
