import { inspect } from "node:util";
import { type KinesisConnectorError, type Logger, silentLogger } from "@kinesis-connectors/core";
import type { LeaseTable, NewLease } from "@kinesis-connectors/leases";
import { describeOn, startAnswerCutter, startRedis } from "@kinesis-connectors/servers";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { redisLeaseTable, type RedisLeaseTableOptions } from "../src/index.js";

const redis = await startRedis();
const replica = redis?.process === undefined ? undefined : await startRedis({ replicaOf: redis });
afterAll(async () => {
  await replica?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

const lease: NewLease = {
  leaseKey: "s0",
  checkpoint: "TRIM_HORIZON",
  parentShardIds: [],
  hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
};

let made = 0;
let key: string;
let tables: LeaseTable[];
let lines: string[];
const logger: Logger = {
  ...silentLogger,
  warn: (fields, message) => void lines.push(`${JSON.stringify(fields)} ${message}`),
};

beforeEach(() => {
  made += 1;
  key = `kc:test:${Date.now()}:${made}:outages`;
  tables = [];
  lines = [];
});

afterEach(() => {
  for (const table of tables) table.close?.();
});

describeOn(describe, redis, "Redis or Valkey", ({ url, process }) => {
  // Whatever a test has left: the next one finds a server.
  afterEach(async () => {
    await process?.start();
  });

  const parts = (): { host: string; port: number; password: string } => {
    const { hostname, port, password } = new URL(url);
    return { host: hostname, port: Number(port), password };
  };
  const tableOf = (more: Partial<RedisLeaseTableOptions> = {}): LeaseTable => {
    const where = more.client === undefined ? { connection: url } : {};
    const table = redisLeaseTable({ application: "outages", key, logger, ...where, ...more });
    tables.push(table);
    return table;
  };
  const withClient = async (run: (client: Redis) => Promise<unknown>): Promise<void> => {
    const client = new Redis(url);
    await run(client);
    client.disconnect();
  };
  const refusalOf = async (work: Promise<unknown>): Promise<KinesisConnectorError> =>
    await work.then(
      () => {
        throw new Error("it was not refused");
      },
      (error: KinesisConnectorError) => error,
    );

  it.each([
    ["a wrong password", { password: "the-wrong-one" }, "connection.password"],
    ["no password", { password: undefined }, "connection.password"],
    ["a user that is not there", { username: "bob" }, "connection.username"],
    ["a database that is not there", { database: 99 }, "connection.database"],
  ])("%s stops the start at once, names the option and tells no secret", async (_what, more, option) => {
    const { password, ...others } = { ...parts(), ...more };
    const connection = { ...others, ...(password === undefined ? {} : { password }) };
    const error = await refusalOf(tableOf({ connection }).open());
    expect(error.code).toBe("KC_LEASE_TABLE");
    expect(error.message).toContain(option);
    const shown = inspect(error, { depth: 10, showHidden: true }) + lines.join("\n");
    for (const secret of ["the-wrong-one", parts().password]) expect(shown).not.toContain(secret);
  });

  it("a key of another kind stops the start", async () => {
    await withClient(async (client) => await client.set(key, "mine"));
    const error = await refusalOf(tableOf().open());
    expect(error.message).toContain("choose another key");
    await withClient(async (client) => await client.del(key));
  });

  it("leases that vanish are no leases that were never there: whoever has the table open stops", async () => {
    const table = tableOf();
    await table.open();
    await table.create(lease);
    const seen = await table.get("s0");
    await withClient(async (client) => await client.del(key));
    const calls: Promise<unknown>[] = [
      table.list(),
      table.get("s0"),
      table.create(lease),
      table.describe("s0", { pausedMs: 1 }),
    ];
    if (seen !== undefined) calls.push(table.update(seen, { type: "renew" }));
    for (const { message } of await Promise.all(calls.map(refusalOf))) expect(message).toContain("are gone");
    expect(calls).toHaveLength(5);
    // Whoever starts anew begins anew.
    expect(await tableOf().open()).toEqual({ created: true });
  });

  it("of many that start at once, one creates the table", async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => tableOf().open()));
    expect(opened.filter(({ created }) => created)).toHaveLength(1);
  });

  it("a row that cannot be understood is named, and is not made anew", async () => {
    const table = tableOf();
    await table.open();
    await withClient(async (client) => await client.hset(key, "s0", '{"counter":"secret"}'));
    const error = await refusalOf(table.list());
    expect(error.message).toMatch(/row s0 .* counter is no number/);
    expect(inspect(error)).not.toContain("secret");
    expect(await table.create(lease)).toBe(false);
  });

  it("a table of a later version is left alone", async () => {
    await withClient(async (client) => await client.hset(key, "#format", "2"));
    expect((await refusalOf(tableOf().open())).message).toContain("another version");
  });

  it("an update that was carried out and never answered is unknown, and the row has it", async () => {
    await using cutter = await startAnswerCutter({ url });
    const table = tableOf({ connection: cutter.url });
    await table.open();
    await table.create(lease);
    const seen = await table.get("s0");
    if (seen === undefined) throw new Error("no row");
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
    const table = tableOf({ connection: cutter.url, requestTimeoutMs: 300 });
    const other = tableOf();
    await other.open();
    await other.create(lease);
    const seen = await other.get("s0");
    if (seen === undefined) throw new Error("no row");
    // Once it has a connection: on a busy machine that may take longer than it waits.
    await expect.poll(() => table.get("s0").catch(() => undefined)).toBeDefined();
    cutter.silence();
    expect((await table.update(seen, { type: "renew" })).type).toBe("unknown");
    // No connection comes about: nothing was sent.
    expect((await table.update(seen, { type: "renew" })).type).toBe("throttled");
    cutter.speak();
    await expect.poll(async () => (await table.update(seen, { type: "renew" })).type).toBe("applied");
  });

  it("a password that is a function is asked for each connection", async () => {
    let asked = 0;
    const { password, ...others } = parts();
    await using cutter = await startAnswerCutter({ url });
    const { port } = new URL(cutter.url);
    const fetched = (): Promise<string> => {
      asked += 1;
      return Promise.resolve(password);
    };
    const table = tableOf({ connection: { ...others, port: Number(port), password: fetched } });
    await table.open();
    expect(asked).toBe(1);
    cutter.speak();
    await expect.poll(async () => (await table.list()).length).toBe(0);
    expect(asked).toBe(2);
  });

  it("a client of one's own is used, and left open", async () => {
    const client = new Redis(url);
    const table = tableOf({ client });
    expect(await table.open()).toEqual({ created: true });
    expect(await table.create(lease)).toBe(true);
    table.close?.();
    expect(await client.ping()).toBe("PONG");
    client.disconnect();
  });

  // What follows stops a server, and is for those that were started here.
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
      await table.create(lease);
      const seen = await table.get("s0");
      if (seen === undefined) throw new Error("no row");
      await process?.kill();
      // What a dying server still does is done; once the break is noticed nothing is sent any more.
      await expect.poll(async () => (await table.update(seen, { type: "renew" })).type).toBe("throttled");
      const error: Error = await refusalOf(table.get("s0"));
      expect(error.message).toContain("ECONNREFUSED");
      await process?.start();
      const renewed = async (): Promise<string> => {
        const row = await table.get("s0");
        return row === undefined ? "gone" : (await table.update(row, { type: "renew" })).type;
      };
      await expect.poll(renewed).toBe("applied");
    },
  );

  it.runIf(replica !== undefined)(
    "with waitReplicas, a write that no replica has is unknown, and what is read back waits for them too",
    async () => {
      const table = tableOf({ waitReplicas: 1, requestTimeoutMs: 1_500 });
      await table.open();
      // The replica comes back a while after its primary.
      const isBack = (): Promise<boolean> =>
        table.get("s0").then(
          () => true,
          () => false,
        );
      await expect.poll(isBack).toBe(true);
      await table.create(lease);
      const seen = await table.get("s0");
      if (seen === undefined) throw new Error("no row");
      await replica?.process?.kill();
      const outcome = await table.update(seen, { type: "renew" });
      expect(outcome).toMatchObject({
        type: "unknown",
        cause: { message: expect.stringMatching(/only 0 of 1 replicas/) },
      });
      await expect(table.get("s0")).rejects.toThrow("waitReplicas");
      await replica?.process?.start();
      await expect.poll(async () => (await table.get("s0").catch(() => undefined))?.counter).toBe(1);
    },
  );
});
