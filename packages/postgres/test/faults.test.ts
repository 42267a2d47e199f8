import {
  type Batch,
  type EmitContext,
  type Emitter,
  hasCode,
  KinesisConnectorError,
  systemClock,
} from "@kinesis-connectors/core";
import {
  batchOfEntries,
  contextOf,
  deliver,
  entryOf,
  keepingLogger,
  planOf,
  seededRandom,
  virtualClock,
} from "@kinesis-connectors/testkit";
import { describeOn, startPostgres } from "@kinesis-connectors/servers";
import { postgresEmitter, type PostgresPlan } from "@kinesis-connectors/postgres";
import { Client } from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { rejectionOf } from "./support/deliveries.js";
import { createSchema, type TestSchema } from "./support/tables.js";

const server = await startPostgres();
afterAll(() => server[Symbol.asyncDispose]());

/** What needs sessions that stand in each other's way: PGlite has one for all connections. */
const manySessions = server.name === "PGlite" ? undefined : server;

interface Row {
  readonly n: number;
}

const ITEMS = "CREATE TABLE items (nr bigserial, n integer)";
const INSERT = /INSERT INTO .*items/;

const emitterOf = (test: TestSchema, options: object = {}): Emitter<Row, PostgresPlan> =>
  test.emitter<Row>({ table: "items", columns: { n: "integer" }, ...options });

/** Rows `from` to `to`, exclusive. */
const rows = (from: number, to: number, changes: Partial<Batch<Row>> = {}): Batch<Row> =>
  batchOfEntries(
    Array.from({ length: to - from }, (_, index) => entryOf<Row>(from + index, { n: from + index })),
    changes,
  );

const landed = async (test: TestSchema): Promise<number[]> =>
  (await test.run("SELECT n FROM items ORDER BY nr")).map(({ n }) => Number(n));

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Emits until it is settled, as the engine does without its pauses. */
async function untilWritten(
  emitter: Emitter<Row, PostgresPlan>,
  batch: Batch<Row>,
  changes: Partial<EmitContext<PostgresPlan>> = {},
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { failed } = await emitter.emit(
        batch,
        contextOf(planOf(emitter, batch), { ...changes, attempt }),
      );
      expect(failed).toEqual([]);
      return attempt;
    } catch (error) {
      if (KinesisConnectorError.isInstance(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describeOn(describe, server, "PostgreSQL", () => {
  it("writes each row once wherever an owner dies, and whatever its heir finds", async () => {
    await using test = await createSchema(server, ITEMS);
    let shards = 0;
    let deaths = 0;
    for (const how of ["break-before", "break-after"] as const) {
      for (let at = 1; ; at += 1) {
        shards += 1;
        const shard = { shardId: `shard-${shards}`, application: "deaths" };
        const [first, second] = [rows(0, 10, shard), rows(10, 20, shard)];
        const owner = emitterOf(test, { maxRowsPerStatement: 4 });
        await deliver(owner, first);
        const from = test.proxy.statements.length;
        let hasDied = false;
        // Once it is dead nothing of it arrives any more.
        test.proxy.onStatement((number) => {
          if (number < from + at) return undefined;
          hasDied = true;
          return number === from + at ? how : "break-before";
        });
        const outcome = await rejectionOf(() => deliver(owner, second));
        test.proxy.onStatement(undefined);
        const heir = emitterOf(test);
        const context = contextOf(planOf(heir, second), { inherited: true });
        const isWritten = await heir.isWritten?.(second, context);
        if (!(isWritten ?? false)) await untilWritten(heir, second, { inherited: true });
        expect(await landed(test)).toEqual(numbers(20));
        await test.run("TRUNCATE items");
        await owner.close?.();
        await heir.close?.();
        if (!hasDied) break;
        deaths += 1;
        expect(outcome).toBeInstanceOf(Error);
      }
    }
    // BEGIN with the position, three statements of rows, the position again with COMMIT: before and after each.
    expect(deaths).toBeGreaterThanOrEqual(10);
  });

  it("leaves out what is there, whole records of it, and tells once", async () => {
    await using test = await createSchema(server, ITEMS);
    const emitter = emitterOf(test);
    const logger = keepingLogger();
    await deliver(emitter, rows(0, 10));
    for (const [from, to] of [
      [0, 10],
      [5, 15],
      [0, 12],
      [12, 20],
    ] as const)
      await deliver(emitter, rows(from, to), { logger });
    expect(await landed(test)).toEqual(numbers(20));
    expect(logger.lines.filter((line) => line.includes("were left out"))).toHaveLength(1);
  });

  it("finds the position of any application, stream and shard again, whatever their names hold", async () => {
    await using test = await createSchema(server, ITEMS);
    const names = { application: `it's \\ "a"; --`, stream: "s\\'", shardId: "$1 %" };
    await deliver(emitterOf(test), rows(0, 5, names));
    await deliver(emitterOf(test), rows(0, 8, names));
    expect(await landed(test)).toEqual(numbers(8));
    expect(await test.run("SELECT application, stream, shard FROM kc_positions")).toEqual([
      { application: names.application, stream: names.stream, shard: names.shardId },
    ]);
  });

  it("does not blame rows for what is wrong with a position", async () => {
    await using test = await createSchema(
      server,
      ITEMS,
      "CREATE TABLE kc_positions (application text, stream text, shard text, destination text, seq numeric(56), sub bigint, updated_at timestamptz DEFAULT now(), PRIMARY KEY (application, stream, shard, destination), CHECK (seq < 5))",
    );
    const emitter = emitterOf(test);
    const error = await rejectionOf(() => deliver(emitter, rows(0, 3)));
    expect(String(error)).toContain("23514");
    expect(await landed(test)).toEqual([]);
  });

  it("goes where a batch was planned to go, though the options say something else by now", async () => {
    await using test = await createSchema(server, ITEMS, "CREATE TABLE others (n integer)");
    const plan = planOf(emitterOf(test), rows(0, 5));
    const later = test.emitter<Row>({ table: "others", columns: { n: "integer" } });
    await later.emit(rows(0, 5), contextOf(plan, { inherited: true }));
    expect(await landed(test)).toEqual(numbers(5));
    expect(await test.run("SELECT * FROM others")).toEqual([]);
  });

  it("keeps a position for each table, so that one batch may go into several", async () => {
    await using test = await createSchema(server, ITEMS, "CREATE TABLE letters (n integer)");
    await deliver(emitterOf(test), rows(0, 5));
    const letters = test.emitter<Row>({ table: "letters", columns: { n: "integer" } });
    await deliver(letters, rows(0, 5));
    await deliver(letters, rows(0, 5));
    expect(await landed(test)).toEqual(numbers(5));
    expect(await test.run("SELECT n FROM letters")).toHaveLength(5);
    expect(await test.run("SELECT destination FROM kc_positions ORDER BY 1")).toEqual([
      { destination: `${test.schema}.items` },
      { destination: `${test.schema}.letters` },
    ]);
  });

  it("waits out a server that only reads after a failover, over a new connection", async () => {
    await using test = await createSchema(server, ITEMS);
    const emitter = emitterOf(test);
    await deliver(emitter, rows(0, 1));
    const before = test.proxy.connections();
    const fired = test.proxy.strike(/FOR UPDATE/, { code: "25006" });
    const error = await rejectionOf(() => deliver(emitter, rows(1, 2)));
    expect(fired()).toBe(1);
    expect(error).toMatchObject({ code: "25006" });
    expect(KinesisConnectorError.isInstance(error)).toBe(false);
    await deliver(emitter, rows(1, 2));
    expect(test.proxy.connections()).toBe(before + 1);
    expect(await landed(test)).toEqual(numbers(2));
  });

  it("starts though the server does not answer yet, and makes the table of positions with the first batch", async () => {
    await using test = await createSchema(server, ITEMS);
    const logger = keepingLogger();
    const emitter = emitterOf(test);
    test.proxy.strike(/pg_class/, "break-before");
    await emitter.open?.({ signal: new AbortController().signal, logger });
    expect(logger.lines).toEqual([expect.stringContaining("PostgreSQL does not answer yet")]);
    await deliver(emitter, rows(0, 3));
    expect(await landed(test)).toEqual(numbers(3));
  });

  it.each(["42P07", "42710", "23505"])(
    "goes on when another process creates the table of positions at the same moment (%s)",
    async (code) => {
      await using test = await createSchema(server, ITEMS);
      const emitter = emitterOf(test);
      test.proxy.strike(/CREATE TABLE/, { code });
      const error = await rejectionOf(() => deliver(emitter, rows(0, 1)));
      expect(KinesisConnectorError.isInstance(error)).toBe(false);
      await deliver(emitter, rows(0, 1));
      expect(await landed(test)).toEqual(numbers(1));
    },
  );

  it("removes positions once the longest retention and a day have passed, those of its own stream, once a day", async () => {
    await using test = await createSchema(server, ITEMS);
    const clock = virtualClock();
    const emitter = emitterOf(test, { retentionHours: 48 });
    const positions = async (): Promise<string[]> =>
      (await test.run("SELECT shard FROM kc_positions ORDER BY shard")).map(({ shard }) => String(shard));
    await deliver(emitter, rows(0, 1), { clock });
    await test.run(
      `INSERT INTO kc_positions SELECT application, stream, shard || age, destination, seq, sub, now() - make_interval(hours => age) FROM kc_positions, unnest(ARRAY[71, 73]) AS age
       UNION ALL SELECT 'other', stream, 'of-another', destination, seq, sub, now() - interval '400 days' FROM kc_positions`,
    );
    const own = rows(0, 1).shardId;
    const all = ["of-another", own, `${own}71`, `${own}73`];
    await clock.advance(23 * 3_600_000);
    await deliver(emitter, rows(1, 2), { clock });
    expect(await positions()).toEqual(all);
    await clock.advance(3_600_000);
    await deliver(emitter, rows(2, 3), { clock });
    expect(await positions()).toEqual(all.slice(0, 3));
  });

  it("keeps a batch that was written when old positions cannot be removed", async () => {
    await using test = await createSchema(server, ITEMS);
    const fired = test.proxy.strike(/^DELETE FROM/, "break-before");
    const emitter = emitterOf(test);
    expect(await deliver(emitter, rows(0, 3))).toEqual({ failed: [] });
    expect(fired()).toBe(1);
    await deliver(emitter, rows(3, 5));
    expect(await landed(test)).toEqual(numbers(5));
  });

  it("uses a connection no more in which the removal of old positions was given up", async () => {
    await using test = await createSchema(server, ITEMS);
    const fired = test.proxy.strike(/^DELETE FROM/, "silence");
    const emitter = emitterOf(test, { requestTimeoutMs: 300 });
    await untilWritten(emitter, rows(0, 3));
    expect(fired()).toBe(1);
    await untilWritten(emitter, rows(3, 5));
    expect(await landed(test)).toEqual(numbers(5));
  });

  it("commits durably, in a transaction that waits for nobody for long", async () => {
    await using test = await createSchema(
      server,
      `CREATE TABLE items (nr bigserial, n integer, durable text DEFAULT current_setting('synchronous_commit'), level text DEFAULT current_setting('transaction_isolation'),
        statement text DEFAULT current_setting('statement_timeout'), idle text DEFAULT current_setting('idle_in_transaction_session_timeout'))`,
    );
    const emitter = emitterOf(test, { requestTimeoutMs: 7_000 });
    // A default of the database counts from the next connection on.
    await test.run(`ALTER DATABASE ${new URL(server.url).pathname.slice(1)} SET synchronous_commit = off`);
    try {
      await deliver(emitter, rows(0, 1));
    } finally {
      await test.run(`ALTER DATABASE ${new URL(server.url).pathname.slice(1)} RESET synchronous_commit`);
    }
    expect(await test.run("SELECT durable, level, statement, idle FROM items")).toEqual([
      { durable: "on", level: "read committed", statement: "7s", idle: "7s" },
    ]);
  });
});

describeOn(describe, manySessions, "PostgreSQL", ({ url }) => {
  it("puts rows of two writers with other cuts there once and in order, while connections break", async () => {
    await using test = await createSchema(server, ITEMS);
    const random = seededRandom(7);
    const COUNT = 6_000;
    const write = async (emitter: Emitter<Row, PostgresPlan>): Promise<void> => {
      for (let from = 0; from < COUNT;) {
        const to = Math.min(COUNT, from + 1 + Math.floor(random.next() * 300));
        await untilWritten(emitter, rows(from, to));
        from = to;
      }
    };
    let broken = 0;
    test.proxy.onStatement(() => {
      const chance = random.next();
      if (chance >= 0.06) return undefined;
      broken += 1;
      return chance < 0.03 ? "break-before" : "break-after";
    });
    await Promise.all([write(emitterOf(test)), write(emitterOf(test))]);
    expect(await landed(test)).toEqual(numbers(COUNT));
    expect(broken).toBeGreaterThan(5);
  });

  it("gives up on a locked table after the time of a statement, and writes once it is free", async () => {
    await using test = await createSchema(server, ITEMS);
    const emitter = emitterOf(test, { requestTimeoutMs: 200 });
    // Its connection is there: on a busy machine that takes longer than it waits.
    await untilWritten(emitter, rows(0, 1));
    await test.run("BEGIN");
    await test.run("LOCK TABLE items IN ACCESS EXCLUSIVE MODE");
    const error = await rejectionOf(() => deliver(emitter, rows(1, 3)));
    expect(error).toMatchObject({ code: "57014" });
    await test.run("ROLLBACK");
    await untilWritten(emitter, rows(1, 3));
    expect(await landed(test)).toEqual(numbers(3));
  });

  it("is not kept waiting by an owner that fell silent in the middle of its transaction", async () => {
    await using test = await createSchema(server, ITEMS);
    // What a busy machine takes between two statements is less.
    const zombie = emitterOf(test, { requestTimeoutMs: 2_000 });
    const fired = test.proxy.strike(/^UPDATE/, "silence");
    // Its clock stands, as a stopped process's does: it gives up by nothing.
    const stopped = rejectionOf(() => deliver(zombie, rows(0, 5), { clock: virtualClock() }));
    await expect.poll(fired).toBe(1);
    const heir = emitterOf(test, { requestTimeoutMs: 60_000 });
    await deliver(heir, rows(0, 8));
    // The server has ended the transaction of the silent one, and its connection.
    expect(await stopped).toBeInstanceOf(Error);
    expect(await landed(test)).toEqual(numbers(8));
  });

  it("takes no more connections than it may, whatever the number of shards", async () => {
    await using test = await createSchema(server, ITEMS);
    const emitter = emitterOf(test, { maxConnections: 2 });
    const shards = Array.from({ length: 9 }, (_, index) => ({ shardId: `shard-${index}` }));
    await Promise.all(shards.map((shard) => deliver(emitter, rows(0, 20, shard))));
    expect(test.proxy.connections()).toBe(2);
    expect(await landed(test)).toHaveLength(180);
  });

  it("lets go of a shard that waits for a connection when it is lost", async () => {
    await using test = await createSchema(server, ITEMS);
    const emitter = emitterOf(test, { maxConnections: 1 });
    const fired = test.proxy.strike(INSERT, "silence");
    const first = new AbortController();
    const second = new AbortController();
    const stalled = rejectionOf(() => deliver(emitter, rows(0, 5), { signal: first.signal }));
    await expect.poll(fired).toBe(1);
    const waiting = rejectionOf(() =>
      deliver(emitter, rows(0, 5, { shardId: "other" }), { signal: second.signal }),
    );
    second.abort(new Error("lost"));
    expect(String(await waiting)).toContain("lost");
    first.abort(new Error("lost, too"));
    expect(String(await stalled)).toContain("lost, too");
    await untilWritten(emitter, rows(0, 5));
    expect(await landed(test)).toEqual(numbers(5));
  });

  it("waits where the server has no connection to spare", async () => {
    await using test = await createSchema(server, ITEMS);
    const role = `${test.schema}_few`;
    await test.run(`CREATE ROLE ${role} LOGIN PASSWORD 'few' CONNECTION LIMIT 1`);
    await test.run(`GRANT USAGE, CREATE ON SCHEMA ${test.schema} TO ${role}`);
    await test.run(`GRANT ALL ON ALL TABLES IN SCHEMA ${test.schema} TO ${role}`);
    await test.run(`GRANT ALL ON ALL SEQUENCES IN SCHEMA ${test.schema} TO ${role}`);
    const { hostname, port, pathname } = new URL(url);
    const connection = {
      host: hostname,
      port: Number(port),
      database: pathname.slice(1),
      user: role,
      password: "few",
    };
    const other = new Client(connection);
    await other.connect();
    const emitter = postgresEmitter<Row>({
      connection,
      table: `${test.schema}.items`,
      columns: { n: "integer" },
    });
    try {
      const error = await rejectionOf(() => deliver(emitter, rows(0, 3)));
      expect(error).toMatchObject({ code: "53300" });
      await other.end();
      await untilWritten(emitter, rows(0, 3));
      expect(await landed(test)).toEqual(numbers(3));
    } finally {
      await emitter.close?.();
      await test.run(`DROP OWNED BY ${role}`);
      await test.run(`DROP ROLE ${role}`);
    }
  });

  it("stops with the right to be granted where one is missing, before and after it has begun", async () => {
    await using test = await createSchema(server, ITEMS);
    const role = `${test.schema}_writer`;
    await test.run(`CREATE ROLE ${role} LOGIN PASSWORD 'writer'`);
    await test.run(`GRANT USAGE, CREATE ON SCHEMA ${test.schema} TO ${role}`);
    const address = new URL(url);
    address.username = role;
    address.password = "writer";
    const make = (): Emitter<Row, PostgresPlan> =>
      postgresEmitter<Row>({
        connection: address.href,
        table: `${test.schema}.items`,
        columns: { n: "integer" },
      });
    const emitter = make();
    const logger = keepingLogger();
    const opening = { signal: new AbortController().signal, logger };
    try {
      expect(await rejectionOf(() => emitter.open?.(opening))).toMatchObject({
        code: "KC_EMIT_REFUSED",
        message: expect.stringContaining(`GRANT INSERT ON "${test.schema}"."items"`),
      });
      await test.run(`GRANT INSERT ON items TO ${role}`);
      await test.run(`GRANT ALL ON ALL SEQUENCES IN SCHEMA ${test.schema} TO ${role}`);
      await emitter.open?.(opening);
      await deliver(emitter, rows(0, 2));
      await test.run(`REVOKE INSERT ON items FROM ${role}`);
      const error = await rejectionOf(() => deliver(emitter, rows(2, 4)));
      expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
      expect(String(error)).toContain("42501: permission denied for table items");
      expect(await landed(test)).toEqual(numbers(2));
    } finally {
      await emitter.close?.();
      await test.run(`DROP OWNED BY ${role}`);
      await test.run(`DROP ROLE ${role}`);
    }
  });

  it("asks for the password of each new connection, and stops with a wrong one", async () => {
    await using test = await createSchema(server, ITEMS);
    const { hostname, port, pathname, username, password } = new URL(test.proxy.url);
    let asked = 0;
    let given: unknown = password;
    const emitter = postgresEmitter<Row>({
      connection: {
        host: hostname,
        port: Number(port),
        database: pathname.slice(1),
        user: username,
        password: () => {
          asked += 1;
          return Promise.resolve(given as string);
        },
      },
      table: `${test.schema}.items`,
      columns: { n: "integer" },
    });
    await deliver(emitter, rows(0, 1));
    await deliver(emitter, rows(1, 2));
    expect(asked).toBe(1);
    for (const [wrong, code] of [
      ["wrong", "KC_EMIT_REFUSED"],
      [undefined, "KC_OPTION_INVALID"],
    ] as const) {
      test.proxy.breakAll();
      given = wrong;
      // The end of its connection may be found out by the next statement, which is tried again.
      await expect.poll(() => rejectionOf(() => deliver(emitter, rows(2, 3)))).toMatchObject({ code });
    }
    given = password;
    await untilWritten(emitter, rows(2, 3));
    expect(await landed(test)).toEqual(numbers(3));
    await emitter.close?.();
  });

  it("loses and doubles nothing while the server is killed and started again", async () => {
    await using own = await startPostgres();
    await using test = await createSchema(own, ITEMS);
    const emitter = emitterOf(test);
    const COUNT = 3_000;
    let done = 0;
    const writing = (async () => {
      for (let from = 0; from < COUNT; from += 100) {
        await untilWritten(emitter, rows(from, from + 100), { clock: systemClock });
        done = from + 100;
      }
    })();
    let kills = 0;
    for (const at of [500, 1_200, 2_000]) {
      await expect.poll(() => done).toBeGreaterThanOrEqual(at);
      if (own.process === undefined) break;
      await own.process.kill();
      await own.process.start();
      kills += 1;
    }
    await writing;
    const client = new Client(own.url);
    await client.connect();
    const { rows: found } = await client.query(`SELECT n FROM ${test.schema}.items ORDER BY nr`);
    await client.end();
    expect(found.map(({ n }) => n as number)).toEqual(numbers(COUNT));
    expect(kills).toBe(own.process === undefined ? 0 : 3);
  });
});
