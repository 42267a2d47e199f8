import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { newLease } from "./support/leases.js";
import { at, createWorld } from "./support/taking.js";

const ALL = { startingHashKey: "0", endingHashKey: `${2n ** 128n - 1n}` };

const batch = (first: number, last: number) => ({
  v: 1 as const,
  batchId: `b${first}`,
  first: at(first),
  last: at(last),
  recordCount: last - first + 1,
  filtered: 0,
  deadLettered: 0,
  plan: { key: `b${first}` },
});

describe("a shard that is taken", () => {
  test.each([-1, 0.5, Number.NaN])("makes no row that begins at %d", async (timestampMs) => {
    const { leases, take } = createWorld();
    await expect(
      take("a:1", { initialPosition: { type: "at-timestamp", timestampMs } }),
    ).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining("initialPosition.timestampMs"),
    });
    expect(leases.rows.size).toBe(0);
  });

  test("is refused one that an operator has paused, and the row stays as it was", async () => {
    const { leases, take } = createWorld();
    const first = await take("a:1");
    await first.release();
    const table = leases.connect();
    await table.describe("s0", { pausedMs: 1_764_374_400_000, pausedBy: "ops@host" });
    const before = await table.get("s0");
    await expect(take("b:1")).rejects.toMatchObject({
      code: "KC_STEERING_REFUSED",
      message: expect.stringMatching(/s0 .*ops@host paused it at 2025-11-29T00:00:00.000Z.*resume/),
    });
    expect(await table.get("s0")).toEqual(before);
    await table.describe("s0", { pausedMs: null, pausedBy: null, pauseDoneMs: null });
    expect((await take("b:1")).lease.owner).toBe("b:1");
  });

  test("has a row made for it, with the position where it begins", async () => {
    const { leases, clock, take } = createWorld();
    const parentShardIds = ["p0"];
    const held = await take("a:1", {
      initialPosition: { type: "latest" },
      hashKeyRange: ALL,
      parentShardIds,
    });
    expect(leases.rows.get("s0")).toMatchObject({
      owner: "a:1",
      counter: 1,
      checkpoint: "LATEST",
      startTimestampMs: clock.now(),
      hashKeyRange: ALL,
      parentShardIds,
    });
    expect(held.initialPosition).toEqual({ type: "at-timestamp", timestampMs: clock.now() });
    expect(await held.checkpointer.load()).toEqual({ checkpoint: undefined, pending: undefined });
  });

  test("makes a LATEST concrete that a row has without its time", async () => {
    const { leases, clock, take } = createWorld();
    await leases.connect().create(newLease("s0", { checkpoint: "LATEST" }));
    const held = await take("a:1");
    expect(held.initialPosition).toEqual({ type: "at-timestamp", timestampMs: clock.now() });
  });

  test("fences whoever had it before, also one that is paused and goes on long after", async () => {
    const { leases, clock, take } = createWorld();
    const zombie = await take("a:1");
    await zombie.checkpointer.load();
    const held = await take("a:2");
    await clock.advance(3_600_000);
    await expect(zombie.checkpointer.commit(at(5))).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(zombie.gone.aborted).toBe(true);
    await held.checkpointer.commit(at(3));
    await expect(zombie.checkpointer.prepare(batch(4, 9))).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    await zombie.release();
    expect(leases.rows.get("s0")).toMatchObject({ owner: "a:2", checkpoint: at(3), pending: undefined });
  });

  test("is held without renewals, for as long as nobody takes it", async () => {
    const { leases, clock, take } = createWorld();
    const held = await take("a:1");
    await clock.advance(7 * 24 * 3_600_000);
    expect(clock.pendingTimers).toBe(0);
    await held.checkpointer.commit(at(1));
    expect(leases.rows.get("s0")).toMatchObject({ counter: 2, checkpoint: at(1) });
  });

  test("shows what its earlier owner had prepared, and lets nothing else be committed", async () => {
    const { take } = createWorld();
    await (await take("a:1")).checkpointer.prepare(batch(1, 9));
    const held = await take("a:2");
    expect(await held.checkpointer.load()).toEqual({ checkpoint: undefined, pending: batch(1, 9) });
    await expect(held.checkpointer.commit(at(8))).rejects.toMatchObject({ code: "KC_REPLAY_DIFFERS" });
    await held.checkpointer.commit(at(9));
  });

  test("is given back by release, once and for all, and a failure of it is a line in the log", async () => {
    const { leases, take, warnings } = createWorld();
    const held = await take("a:1");
    await held.release();
    await held.release();
    expect(leases.rows.get("s0")).toMatchObject({ owner: undefined, counter: 2 });
    await expect(held.checkpointer.commit(at(1))).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    const other = await take("a:2");
    leases.rows.delete("s0");
    await other.release();
    expect(warnings).toContain("the shard could not be given back");
  });

  test("is let go after ten seconds when the table does not answer", async () => {
    let isOut = false;
    const { clock, take } = createWorld(({ operation }) =>
      isOut && operation === "update" ? { type: "fail" } : undefined,
    );
    const held = await take("a:1");
    isOut = true;
    const release = held.release();
    await clock.advance(9_999);
    expect(held.gone.aborted).toBe(false);
    await clock.run(release);
    expect([held.gone.aborted, clock.pendingTimers]).toEqual([true, 0]);
  });

  test("is brought to its end with its children, unless a prepared batch waits", async () => {
    const { leases, take } = createWorld();
    const held = await take("a:1");
    await held.checkpointer.prepare(batch(1, 9));
    await expect(held.end(["s1"])).rejects.toMatchObject({ code: "KC_REPLAY_DIFFERS" });
    await held.checkpointer.commit(at(9));
    await held.end(["s1", "s2"]);
    await held.end(["s1", "s2"]);
    expect(leases.rows.get("s0")).toMatchObject({
      checkpoint: "SHARD_END",
      childShardIds: ["s1", "s2"],
      counter: 4,
    });
    await expect((await take("a:2")).checkpointer.load()).rejects.toThrow("read to its end");
  });

  test("is let go at once when the signal is aborted, also out of a write that gets no answer; the row stays", async () => {
    let isOut = false;
    const { leases, clock, take } = createWorld(({ operation }) =>
      isOut && operation === "update" ? { type: "fail" } : undefined,
    );
    const stopping = new AbortController();
    const held = await take("a:1", { signal: stopping.signal });
    isOut = true;
    const commit = held.checkpointer.commit(at(1));
    commit.catch(() => undefined);
    await clock.advance(600_000);
    stopping.abort();
    await expect(clock.run(commit)).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(leases.rows.get("s0")).toMatchObject({ owner: "a:1", counter: 1 });
    await expect(take("a:2", { signal: AbortSignal.abort(new Error("over")) })).rejects.toThrow("over");
  });

  test("shares one listener on the caller's signal with all that are held until it, or wait for the table", async () => {
    let isThrottled = false;
    const { leases, clock, take } = createWorld(({ operation }) =>
      isThrottled && operation === "update" ? { type: "throttle" } : undefined,
    );
    const stopping = new AbortController();
    const { signal } = stopping;
    const takeAll = async (prefix: string, count: number) =>
      await Promise.all(
        Array.from({ length: count }, (_, nth) => take("a:1", { shardId: `${prefix}${nth}`, signal })),
      );
    const held = await takeAll("s", 12);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);

    isThrottled = true;
    const taking = takeAll("t", 12);
    await clock.advance(50);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    isThrottled = false;
    held.push(...(await clock.run(taking)));

    const [first, second, ...others] = held;
    await first?.release();
    expect(second?.gone.aborted).toBe(false);
    stopping.abort();
    expect([second, ...others].every((shard) => shard?.gone.aborted === true)).toBe(true);
    expect(leases.rows.get("s0")?.owner).toBeUndefined();
    expect(leases.rows.get("s1")?.owner).toBe("a:1");

    const unaborted = new AbortController().signal;
    const again = await take("a:2", { signal: unaborted });
    await again.release();
    expect(getEventListeners(unaborted, "abort")).toHaveLength(0);
  });
});

describe("taking a shard", () => {
  test("of two at once both take it, one after the other, and the first is fenced", async () => {
    const { leases, take } = createWorld();
    const both = await Promise.all([take("a:1"), take("a:2")]);
    const commits = await Promise.allSettled(both.map(({ checkpointer }) => checkpointer.commit(at(1))));
    const owner = leases.rows.get("s0")?.owner;
    expect(commits.map(({ status }) => status)).toEqual(
      ["a:1", "a:2"].map((ownerId) => (ownerId === owner ? "fulfilled" : "rejected")),
    );
    expect(both.filter(({ gone }) => gone.aborted)).toHaveLength(1);
  });

  test("is given up when another owner is faster twice", async () => {
    const world = createWorld(async ({ operation, change }) => {
      if (operation !== "update" || change?.type !== "take" || change.owner !== "slow:1") return undefined;
      await world.take(`fast:${world.leases.rows.get("s0")?.counter}`, { table: world.leases.connect() });
      return undefined;
    });
    await expect(world.take("slow:1")).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(world.leases.rows.get("s0")?.owner).toMatch(/^fast:/);
  });

  test.each(["throttle", "fail", "lose-reply", "repeat"] as const)(
    "is tried again, or known to have worked, when the table was told to %s",
    async (type) => {
      let isDone = false;
      const world = createWorld(({ operation }) => {
        if (operation !== "update" || isDone) return undefined;
        isDone = true;
        return { type };
      });
      const held = await world.clock.run(world.take("a:1"));
      await held.checkpointer.commit(at(1));
      const counter = 2;
      expect(world.leases.rows.get("s0")).toMatchObject({ owner: "a:1", counter, checkpoint: at(1) });
    },
  );

  test("ends with the table's own error when it stays away", async () => {
    const world = createWorld(({ operation }) => (operation === "update" ? { type: "throttle" } : undefined));
    await expect(world.clock.run(world.take("a:1"))).rejects.toThrow("told to throttle");
  });

  test("writes the hash keys into a row that did not know them", async () => {
    const { leases, take } = createWorld();
    await take("a:1");
    const hashKeyRange = { startingHashKey: "0", endingHashKey: "99" };
    await take("a:2", { hashKeyRange });
    expect(leases.rows.get("s0")).toMatchObject({ owner: "a:2", hashKeyRange });
    await take("a:3");
    expect(leases.rows.get("s0")).toMatchObject({ owner: "a:3", hashKeyRange });
  });

  test("says in the row whose progress it holds, and refuses the rows of another stream, and of one of the same name before", async () => {
    const { leases, take } = createWorld();
    const stream = { streamArn: "arn:aws:kinesis:eu-west-1:1:stream/orders", createdMs: 1_000_000 };
    await take("a:1", { stream });
    const before = leases.rows.get("s0");
    expect(before).toMatchObject({ stream });
    const other = { ...stream, streamArn: "arn:aws:kinesis:eu-west-1:1:stream/clicks" };
    await expect(take("a:2", { stream: other })).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
    const again = { ...stream, createdMs: 9_000_000 };
    await expect(take("a:3", { stream: again })).rejects.toMatchObject({ code: "KC_STREAM_MISSING" });
    expect(leases.rows.get("s0")).toEqual(before);
    await take("a:4", { stream: { ...stream, createdMs: undefined } });
  });

  test("writes into a row of others whose progress it holds with the first commit", async () => {
    const { leases, take } = createWorld();
    const stream = { streamArn: "arn:aws:kinesis:eu-west-1:1:stream/orders", createdMs: 1_000_000 };
    await leases.connect().create(newLease("s0"));
    const held = await take("a:1", { stream });
    expect(leases.rows.get("s0")?.stream).toBeUndefined();
    await held.checkpointer.commit(at(1));
    expect(leases.rows.get("s0")).toMatchObject({ checkpoint: at(1), stream });
  });

  test("refuses the row of another stream's shard of the same name, and leaves it alone", async () => {
    const { leases, take } = createWorld();
    await take("a:1", { hashKeyRange: { startingHashKey: "0", endingHashKey: "99" } });
    const before = leases.rows.get("s0");
    const hashKeyRange = { startingHashKey: "0", endingHashKey: "49" };
    await expect(take("a:2", { hashKeyRange })).rejects.toMatchObject({
      code: "KC_STREAM_MISSING",
      message: expect.stringContaining('of application "orders-to-s3" belongs to another stream'),
    });
    expect(leases.rows.get("s0")).toEqual(before);
  });

  test.each([
    ["shardId", { shardId: "" }],
    ["ownerId", { ownerId: "" }],
  ])("needs a %s", async (name, more) => {
    const { take } = createWorld();
    await expect(take("a:1", more)).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining(name),
    });
  });
});
