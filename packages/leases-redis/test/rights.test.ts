import { readFileSync } from "node:fs";
import type { LeaseTable, NewLease } from "@kinesis-connectors/leases";
import { describeOn, startRedis } from "@kinesis-connectors/servers";
import { Redis } from "ioredis";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { redisLeaseTable } from "../src/index.js";

/** The rule of the README, word by word. */
const RULE =
  /^ACL SETUSER connector .*$/m
    .exec(readFileSync(new URL("../README.md", import.meta.url), "utf8"))?.[0]
    .split(" ") ?? [];
const COMMANDS = RULE.filter((word) => word.startsWith("+"));
/** Those whose absence is told by no error. */
const DISPENSABLE = new Set(["+info", "+config|get", "+client|setname"]);
const KEY = "kc:leases:click-archive";
const LEASE: NewLease = {
  leaseKey: "s0",
  checkpoint: "TRIM_HORIZON",
  parentShardIds: [],
  hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
};

const redis = await startRedis();
afterAll(async () => {
  await redis?.[Symbol.asyncDispose]();
});

// A server of the user's has users of its own.
const ours = redis?.process === undefined ? undefined : redis;

describeOn(describe, ours, "Redis or Valkey", ({ url }) => {
  const admin = new Redis(url, { lazyConnect: true });
  afterAll(() => admin.disconnect());
  afterEach(async () => {
    await admin.call("ACL", "DELUSER", "connector");
    await admin.script("FLUSH");
    await admin.select(1);
    await admin.del(KEY);
  });

  /** A table as the user of a rule. */
  async function tableOf(rule: readonly string[], waitReplicas: number): Promise<LeaseTable> {
    await admin.call("ACL", "SETUSER", "connector", "reset", ...rule.slice(3));
    const { hostname: host, port } = new URL(url);
    return redisLeaseTable({
      application: "click-archive",
      connection: { host, port: Number(port), username: "connector", password: "PASSWORD", database: 1 },
      waitReplicas,
    });
  }

  it.each([
    ["the rule of the README", RULE],
    ["what of it cannot be done without", RULE.filter((word) => !DISPENSABLE.has(word))],
  ])("%s is enough for every call", async (_what, rule) => {
    // The client writes to the console that it does without INFO.
    using warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const table = await tableOf(rule, 0);
    expect(await table.open()).toEqual({ created: true });
    expect(await table.create(LEASE)).toBe(true);
    const seen = await table.get("s0");
    expect(await table.list()).toEqual([seen]);
    expect(await table.update(seen!, { type: "take", owner: "a" })).toEqual({ type: "applied" });
    expect(await table.describe("s0", { pausedMs: 1 })).toBe(true);
    await table.remove("s0");
    expect(await table.list()).toEqual([]);
    table.close?.();
    expect(warn).toHaveBeenCalledTimes(rule.includes("+info") ? 0 : 1);
  });

  it.each([...COMMANDS.filter((command) => !DISPENSABLE.has(command)), `~${KEY}`])(
    "without %s the start stops, and says what to grant",
    async (left) => {
      const table = await tableOf(
        RULE.filter((word) => word !== left),
        1,
      );
      await expect(table.open().finally(() => table.close?.())).rejects.toMatchObject({
        code: "KC_LEASE_TABLE",
        message: expect.stringMatching(/let the user run .*ACL SETUSER/),
      });
    },
  );
});
