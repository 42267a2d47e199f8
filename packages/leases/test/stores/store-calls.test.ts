import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { KinesisConnectorError, silentLogger } from "@kinesis-connectors/core";
import { beforeEach, describe, expect, test } from "vitest";
import { StoreCalls, type StoreFailure } from "../../src/index.js";
import { SeededRandom } from "../support/seeded-random.js";
import { VirtualClock } from "../support/virtual-clock.js";

const failure = (type: StoreFailure["type"]): StoreFailure => ({
  type,
  cause: new Error(`the server said ${type}`),
  cure: "do this",
});

let clock: VirtualClock;
let calls: StoreCalls;
let lines: unknown[];

beforeEach(() => {
  clock = new VirtualClock();
  lines = [];
  calls = new StoreCalls({
    store: "Redis",
    table: "leases",
    failureOf: (thrown) => failure(thrown as StoreFailure["type"]),
    clock,
    random: new SeededRandom(1),
    logger: { ...silentLogger, warn: (...line) => void lines.push(line) },
  });
});

/** Fails `times` times, and then answers. */
function failing(type: StoreFailure["type"], times: number): () => Promise<boolean> {
  let made = 0;
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- stands for an error of a client
  return () => ((made += 1) <= times ? Promise.reject(type) : Promise.resolve(true));
}

describe("the calls of a lease table on its store", () => {
  test("a start waits for a store that is not there, and tells so", async () => {
    expect(await clock.run(calls.start(undefined, failing("waiting", 40)))).toBe(true);
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatchObject([
      { table: "leases", attempt: 3, reason: "the server said waiting" },
      expect.stringContaining("waiting: do this"),
    ]);
  });

  test("a start that waits for ever fails after ten minutes, with the cure", async () => {
    await expect(clock.run(calls.start(undefined, failing("unknown", 10_000)))).rejects.toMatchObject({
      code: "KC_LEASE_TABLE",
      message: expect.stringMatching(/leases in Redis .*open.*do this/),
    });
    expect(clock.monotonicNow()).toBeGreaterThan(590_000);
  });

  test.each(["stop", "close"])("a %s ends the waiting of a start", async (how) => {
    const stop = new AbortController();
    const waiting = calls.start(stop.signal, failing("waiting", 10_000));
    clock.setTimer(20_000, () => (how === "stop" ? stop.abort() : calls.close()));
    await expect(clock.run(waiting)).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
    expect(clock.monotonicNow()).toBeLessThan(24_000);
  });

  test("the rows of many shards wait for a store together, without a warning of a leak, and leave nothing", async () => {
    const listeners = (): number => getEventListeners(calls.closed, "abort").length;
    const warnings: string[] = [];
    const hear = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", hear);
    const waiting = Array.from({ length: 20 }, () => calls.repeat("list", failing("waiting", 2)));
    await clock.advance(1);
    expect(listeners()).toBe(20);
    await clock.run(Promise.all(waiting));
    await nextTurn();
    process.off("warning", hear);
    expect(warnings).toEqual([]);
    expect(listeners()).toBe(0);
  });

  test("a mistake stops at once, at the start and later", async () => {
    for (const type of ["fatal", "refused"] as const)
      await expect(calls.start(undefined, failing(type, 1))).rejects.toMatchObject({
        code: "KC_LEASE_TABLE",
      });
    for (const type of ["fatal", "refused"] as const)
      await expect(calls.repeat("list", failing(type, 1))).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
    await expect(calls.outcome("update", failing("fatal", 1))).rejects.toMatchObject({
      code: "KC_LEASE_TABLE",
    });
  });

  test("what had worked may be refused for five minutes: a password is being changed", async () => {
    await calls.start(undefined, failing("refused", 0));
    expect(await clock.run(calls.repeat("list", failing("refused", 4)))).toBe(true);
    expect((await calls.outcome("update", failing("refused", 1))).type).toBe("throttled");
    await clock.advance(299_000);
    expect((await calls.outcome("update", failing("refused", 1))).type).toBe("throttled");
    await clock.advance(2_000);
    await expect(calls.outcome("update", failing("refused", 1))).rejects.toMatchObject({
      code: "KC_LEASE_TABLE",
    });
  });

  test("a call is made again some times, and then fails with what may be shown", async () => {
    expect(await clock.run(calls.repeat("get", failing("unknown", 5)))).toBe(true);
    const failed: unknown = await clock
      .run(calls.repeat("get", failing("waiting", 6)))
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(KinesisConnectorError.isInstance(failed)).toBe(false);
    expect((failed as Error).message).toBe("the server said waiting");
  });

  test("a write tells what is known of it", async () => {
    expect(await calls.outcome("update", () => Promise.resolve(true))).toEqual({ type: "applied" });
    expect(await calls.outcome("update", () => Promise.resolve(false))).toEqual({ type: "refused" });
    expect((await calls.outcome("update", failing("unknown", 1))).type).toBe("unknown");
    expect((await calls.outcome("update", failing("waiting", 1))).type).toBe("throttled");
  });
});
