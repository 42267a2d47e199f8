import { describe, expect, it } from "vitest";
import { ByteBudget, definePipeline, hasCode, json } from "../../src/index.js";
import { positionOf, recordsOf } from "../support/memory-shard.js";
import { createWorld, type Numbered, numbers, numbersIn, runIn, type World } from "../support/world.js";

const pipelineOver = (world: World<Numbered>, buffer: object = { maxRecords: 50 }) =>
  definePipeline({ transformer: json<Numbered>(), buffer, emitter: world.planned() });
const wide = (index: number): string => `{"n":${index},"text":"${"x".repeat(80)}"}`;

describe("backpressure", () => {
  it("a dead destination stops the reading, and what is held stays within the budget", async () => {
    const world = createWorld(recordsOf(10_000, wide), { maxReadAheadBytes: 50_000 });
    const letGo = world.gate.hold("emit");
    const run = runIn(world, pipelineOver(world, { maxRecords: 100_000, maxAgeMs: 1_000_000 }));
    await world.clock.advance(600_000);
    const read = world.shard.handedOver.length;
    // Reads are let in while they fit; a page that is larger than expected may pass the limit by its own size.
    expect(world.budget.usedBytes).toBeLessThanOrEqual(50_000 + 2000);
    await world.clock.advance(600_000);
    expect(world.shard.handedOver).toHaveLength(read);
    expect(read).toBeLessThan(1100);
    letGo();
    world.shard.close();
    await world.clock.run(run.done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(10_000));
    expect(world.budget.usedBytes).toBe(0);
  });

  it("F44 over a dead destination many busy shards hold no more than the limit and a page each, for as long as it lasts", async () => {
    const maxBytes = 500_000;
    const world = createWorld([], { maxReadAheadBytes: maxBytes });
    const { clock, budget } = world;
    const letGo = world.gate.hold("emit");
    const shards = Array.from({ length: 40 }, (_, index) => {
      const own = createWorld(recordsOf(500, wide), { clock });
      const shardId = `shardId-${String(index).padStart(12, "0")}`;
      const pipeline = pipelineOver(world, { maxRecords: 100_000, maxAgeMs: 1_000 });
      return { ...own, run: runIn({ ...own, clock, budget }, pipeline, { shardId }) };
    });
    const handedOver = (): number => shards.reduce((sum, { shard }) => sum + shard.handedOver.length, 0);
    let most = 0;
    for (let minute = 0; minute < 120; minute += 1) {
      // New records come all the while, 40 shards x 500 at once to begin with: six times what may be held.
      for (const { shard } of shards) shard.append(...recordsOf(5, wide, 500 + minute * 5));
      await clock.advance(60_000);
      most = Math.max(most, budget.usedBytes);
    }
    const pageBytes = 10 * wide(9999).length;
    expect(most).toBeGreaterThan(maxBytes / 2);
    expect(most).toBeLessThanOrEqual(maxBytes + shards.length * pageBytes);
    const read = handedOver();
    expect(read * wide(0).length).toBeLessThanOrEqual(maxBytes + shards.length * pageBytes);
    await clock.advance(3_600_000);
    expect(handedOver()).toBe(read);
    letGo();
    for (const { shard } of shards) shard.close();
    await clock.run(Promise.all(shards.map(({ run }) => run.done)));
    expect(world.objects.entries).toHaveLength(40 * 1_100);
    expect(budget.usedBytes).toBe(0);
  });

  it("memory pressure flushes a buffer that is far from its thresholds, again and again", async () => {
    const world = createWorld(recordsOf(2000, wide), { maxReadAheadBytes: 20_000 });
    const run = runIn(world, pipelineOver(world, { maxRecords: 100_000, maxAgeMs: 1_000_000_000 }));
    await world.clock.advance(1000);
    const reasons = run.eventsOf("buffer-flush").map((event) => event.reason);
    expect(reasons.length).toBeGreaterThan(5);
    expect(new Set(reasons)).toEqual(new Set(["memory"]));
    run.stop();
    await world.clock.run(run.done);
    expect(world.budget.usedBytes).toBe(0);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(2000));
  });

  it("memory pressure asks the fullest of several shards, also one whose last batch was delivered long ago", async () => {
    const world = createWorld(recordsOf(50, wide), { pageRecords: 10, maxReadAheadBytes: 20_000 });
    const lazy = { maxRecords: 50, maxAgeMs: 1_000_000_000 };
    const quiet = runIn(world, pipelineOver(world, lazy));
    await world.clock.advance(1000);
    expect(quiet.eventsOf("buffer-flush")).toHaveLength(1);
    // It now holds 40 records and gets no more; nothing of it is in flight.
    world.shard.append(...recordsOf(40, wide, 50));
    await world.clock.advance(1000);
    expect(world.lease.committed).toHaveLength(1);

    const busy = createWorld(recordsOf(1000, wide), { clock: world.clock, pageRecords: 100 });
    const other = runIn({ ...busy, clock: world.clock, budget: world.budget }, pipelineOver(busy, lazy), {
      shardId: "shardId-000000000001",
    });
    await world.clock.advance(60_000);
    expect(quiet.eventsOf("buffer-flush").map((event) => event.reason)).toEqual(["records", "memory"]);
    expect(world.lease.committed.at(-1)).toEqual(positionOf(89));
    expect(busy.shard.handedOver).toHaveLength(1000);
    quiet.stop();
    other.stop();
    await world.clock.run(Promise.all([quiet.done, other.done]));
    expect(world.budget.usedBytes).toBe(0);
  });

  it("a page larger than the whole budget is read all the same", async () => {
    const world = createWorld(recordsOf(30, wide), { pageRecords: 10, maxReadAheadBytes: 1 });
    world.shard.close();
    await world.clock.run(runIn(world, pipelineOver(world)).done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(30));
    expect(world.budget.usedBytes).toBe(0);
  });

  it("records that the filter drops are not held", async () => {
    const world = createWorld(recordsOf(5000, wide), { maxReadAheadBytes: 5000 });
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      filter: () => false,
      emitter: world.planned(),
    });
    const run = runIn(world, pipeline);
    await world.clock.advance(1000);
    expect(world.shard.handedOver).toHaveLength(5000);
    expect(world.budget.usedBytes).toBeLessThan(2000);
    run.stop();
    await world.clock.run(run.done);
  });

  it.each([
    "a poison record",
    "a retention gap",
    "a failed delivery",
    "a read failure",
    "an abort",
    "a stop mid-page",
  ])("gives every byte back after %s", async (cause) => {
    const world = createWorld(
      recordsOf(100, (index) => (index === 47 && cause === "a poison record" ? "{" : wide(index))),
      { pageRecords: 30 },
    );
    if (cause === "a retention gap") {
      world.lease.restore({ checkpoint: positionOf(3), pending: undefined });
      world.shard.trim(10);
    }
    const letGo = cause === "an abort" || cause === "a stop mid-page" ? world.gate.hold("emit") : undefined;
    if (cause === "a failed delivery") world.gate.fail("prepare");
    const run = runIn(world, pipelineOver(world, { maxRecords: 20 }));
    if (cause === "a read failure") {
      await world.clock.settle();
      world.gate.fail("next", new Error("no rights"));
    }
    await world.clock.advance(5000);
    if (cause === "an abort") run.abort(new Error("killed"));
    if (cause === "a stop mid-page") run.stop();
    letGo?.();
    await world.clock.run(run.done.catch(() => undefined));
    expect(world.budget.usedBytes).toBe(0);
    expect(world.shard.openReaders).toBe(0);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("gives every byte back whenever a stop meets an arriving page", async () => {
    for (let microtasks = 0; microtasks < 30; microtasks += 1) {
      const world = createWorld(recordsOf(10));
      const letGo = world.gate.hold("next");
      const run = runIn(world, pipelineOver(world));
      await world.clock.settle();
      letGo();
      for (let left = microtasks; left > 0; left -= 1) await Promise.resolve();
      run.stop();
      await world.clock.run(run.done);
      expect(world.budget.usedBytes).toBe(0);
      expect(world.shard.openReaders).toBe(0);
      expect(world.lease.progress.checkpoint).toEqual(world.objects.entries.at(-1) && positionOf(9));
    }
  });
});

describe("ByteBudget", () => {
  const never = new AbortController().signal;

  it("lets waiters in, first come, first served, as soon as they fit", async () => {
    const budget = new ByteBudget(100);
    const entered: number[] = [];
    await budget.reserve(80, never);
    for (const bytes of [50, 10, 40]) void budget.reserve(bytes, never).then(() => entered.push(bytes));
    await Promise.resolve();
    expect(entered).toEqual([]);
    budget.release(30);
    await Promise.resolve();
    expect(entered).toEqual([50]);
    budget.release(50);
    await Promise.resolve();
    expect(entered).toEqual([50, 10, 40]);
    expect(budget.usedBytes).toBe(100);
  });

  it("counts the bytes of a waiter that leaves, because its caller gives them back", async () => {
    const budget = new ByteBudget(100);
    const leaving = new AbortController();
    await budget.reserve(100, never);
    const left = budget.reserve(30, leaving.signal);
    leaving.abort();
    await left;
    expect(budget.usedBytes).toBe(130);
    budget.release(30);
    budget.release(100);
    expect(budget.usedBytes).toBe(0);
    await budget.reserve(7, leaving.signal);
    expect(budget.usedBytes).toBe(7);
  });

  it("asks the fullest holder to flush, and none that has gone", async () => {
    const budget = new ByteBudget(10);
    const asked: string[] = [];
    const holder = (name: string, bytes: number) => ({
      flushableBytes: () => bytes,
      requestFlush: () => {
        asked.push(name);
      },
    });
    budget.register(holder("small", 1));
    const leave = budget.register(holder("large", 9));
    await budget.reserve(10, never);
    void budget.reserve(1, never);
    leave();
    budget.pressure();
    expect(asked).toEqual(["large", "small"]);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses a size of %s", (maxBytes) => {
    let thrown: unknown;
    try {
      void new ByteBudget(maxBytes);
    } catch (error) {
      thrown = error;
    }
    expect(hasCode(thrown, "KC_OPTION_INVALID")).toBe(true);
    expect((thrown as Error).message).toContain("maxReadAheadBytes");
  });
});
