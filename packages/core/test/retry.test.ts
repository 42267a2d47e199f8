import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, definePipeline, hasCode, json, KinesisConnectorError } from "../src/index.js";
import { retryFrom } from "../src/retry.js";
import { positionOf, recordsOf } from "./support/memory-shard.js";
import { SeededRandom } from "./support/seeded-random.js";
import { createWorld, type Numbered, numbers, numbersIn, runIn, type World } from "./support/world.js";

const pipelineOver = (emitter: ReturnType<World<Numbered>["keyed"]>, options: object = {}) =>
  definePipeline({ transformer: json<Numbered>(), buffer: { maxRecords: 10 }, emitter, ...options });

/** What each call of the emitter was given. */
const watched = (
  emitter: ReturnType<World<Numbered>["keyed"]>,
): { calls: number[][]; emitter: typeof emitter } => {
  const calls: number[][] = [];
  return {
    calls,
    emitter: {
      ...emitter,
      emit: (batch, context) => {
        calls.push(batch.entries.map((entry) => entry.output.n));
        return emitter.emit(batch, context);
      },
    },
  };
};

describe("retry", () => {
  it("sends only what failed again, in the order of the stream", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const { calls, emitter } = watched(
      world.keyed(({ output: { n } }, attempt) => (n % 2 === 1 && attempt * 4 <= n ? "retry" : undefined)),
    );
    const run = runIn(world, pipelineOver(emitter));
    await world.clock.run(run.done);
    expect(calls).toEqual([numbers(10), [5, 7, 9], [9]]);
    expect([...world.rows.values()].map((entry) => entry.output.n).toSorted((a, b) => a - b)).toEqual(
      numbers(10),
    );
    expect(run.eventsOf("emit-retry").map(({ attempt, records }) => [attempt, records])).toEqual([
      [1, 3],
      [2, 1],
    ]);
    expect(run.eventsOf("batch-emit")).toMatchObject([{ records: 10, attempts: 3, inherited: false }]);
  });

  it("keeps the order when the emitter names what failed in another order", async () => {
    const world = createWorld(recordsOf(5));
    world.shard.close();
    const keyed = world.keyed((_entry, attempt) => (attempt === 1 ? "retry" : undefined));
    const { calls, emitter } = watched({
      ...keyed,
      emit: async (batch, context) => ({ failed: (await keyed.emit(batch, context)).failed.toReversed() }),
    });
    await world.clock.run(runIn(world, pipelineOver(emitter)).done);
    expect(calls).toEqual([numbers(5), numbers(5)]);
  });

  it("tries a request of unknown outcome again with the same entries, without a limit by default", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    world.gate.fail("emit", new Error("socket hang up"), 60);
    const { calls, emitter } = watched(world.keyed());
    const run = runIn(world, pipelineOver(emitter));
    await world.clock.run(run.done);
    expect(calls).toHaveLength(61);
    expect(calls.at(-1)).toEqual(numbers(10));
    expect(world.lease.progress.checkpoint).toEqual(positionOf(9));
  });

  it("F05 pauses the reading while the destination says SlowDown a hundred times, and writes one object", async () => {
    const world = createWorld(recordsOf(10_000), { pageRecords: 100, maxReadAheadBytes: 20_000 });
    world.shard.close();
    world.gate.fail("emit", new Error("SlowDown"), 100);
    const run = runIn(
      world,
      definePipeline({
        transformer: json<Numbered>(),
        buffer: { maxRecords: 500 },
        emitter: world.planned(),
      }),
    );
    await world.clock.runUntil(() => run.eventsOf("emit-retry").length === 99);
    expect(world.shard.handedOver.length).toBeLessThan(3000);
    await world.clock.run(run.done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(10_000));
  });

  it("stops with KC_EMIT_FAILED when maxRequestAttempts are used up; the checkpoint stays", async () => {
    const world = createWorld(recordsOf(10));
    world.gate.fail("emit", new Error("socket hang up"), 3);
    const run = runIn(world, pipelineOver(world.keyed(), { retry: { maxRequestAttempts: 3 } }));
    const error: unknown = await world.clock.run(run.done).catch((thrown: unknown) => thrown);
    expect(hasCode(error, "KC_EMIT_FAILED")).toBe(true);
    expect((error as Error).message).toContain("maxRequestAttempts");
    expect((error as Error).cause).toEqual(new Error("socket hang up"));
    expect(world.lease.writes).toEqual([]);
  });

  it.each(["KC_EMIT_REFUSED", "KC_PLACE_TAKEN"] as const)("stops at once at %s", async (code) => {
    const world = createWorld(recordsOf(10));
    world.gate.fail("emit", new KinesisConnectorError(code, "no such bucket"));
    const run = runIn(world, pipelineOver(world.keyed()));
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code });
    expect(world.gate.count("emit")).toBe(1);
    expect(world.lease.writes).toEqual([]);
  });

  it("stops with KC_RECORD_POISON when an entry's tries are used up and there are no dead letters", async () => {
    const world = createWorld(recordsOf(10));
    const emitter = world.keyed(({ output }) => (output.n === 4 ? "retry" : undefined));
    const run = runIn(world, pipelineOver(emitter, { retry: { maxAttempts: 4 } }));
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_RECORD_POISON" });
    expect(world.gate.count("emit")).toBe(4);
    expect(world.lease.writes).toEqual([]);
  });

  it("sets an entry aside as a dead letter when its tries are used up", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const emitter = world.keyed(({ output }) => (output.n === 4 ? "retry" : undefined));
    const run = runIn(
      world,
      pipelineOver(emitter, { retry: { maxAttempts: 4 }, deadLetters: world.deadLetters() }),
    );
    await world.clock.run(run.done);
    expect(world.rows.size).toBe(9);
    expect(world.letters.entries.map(({ output }) => output)).toMatchObject([
      { sequenceNumber: positionOf(4).sequenceNumber, attempts: 4, errorMessage: "throttled" },
    ]);
  });

  it("makes no dead letters of a throttled batch while some of it is taken at every try", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const run = runIn(
      world,
      pipelineOver(
        world.keyed(({ output }, attempt) => (output.n >= attempt ? "retry" : undefined)),
        { retry: { maxAttempts: 3 }, deadLetters: world.deadLetters() },
      ),
    );
    await world.clock.run(run.done);
    expect(world.rows.size).toBe(10);
    expect(world.letters.entries).toEqual([]);
    expect(run.eventsOf("batch-emit")).toMatchObject([{ records: 10, attempts: 10 }]);
  });

  it("stops when the emitter hands back copies of entries, instead of losing what they stand for", async () => {
    const world = createWorld(recordsOf(3));
    world.shard.close();
    const keyed = world.keyed();
    const run = runIn(
      world,
      pipelineOver({
        ...keyed,
        emit: (batch) =>
          Promise.resolve({
            failed: batch.entries.map(({ output, record, bytes }) => ({
              entry: { output, record, bytes },
              action: "retry" as const,
              error: new Error("throttled"),
            })),
          }),
      }),
    );
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_EMITTER_BROKEN" });
    expect(world.lease.writes).toEqual([]);
  });

  it("waits a random share of the exponential bound: full jitter, at least 1 ms, never past maxDelayMs", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer(), (attempt, seed) => {
        const delayMs = backoffMs(attempt, { baseDelayMs: 100, maxDelayMs: 5000 }, new SeededRandom(seed));
        expect(delayMs).toBeGreaterThanOrEqual(1);
        expect(delayMs).toBeLessThanOrEqual(Math.min(5000, 100 * 2 ** (attempt - 1)));
        expect(Number.isSafeInteger(delayMs)).toBe(true);
      }),
    );
    const random = new SeededRandom(7);
    const delays = Array.from({ length: 500 }, () =>
      backoffMs(20, { baseDelayMs: 100, maxDelayMs: 5000 }, random),
    );
    expect(Math.min(...delays)).toBeLessThan(200);
    expect(Math.max(...delays)).toBeGreaterThan(4800);
  });

  it("waits that long between tries", async () => {
    const world = createWorld(recordsOf(1));
    world.shard.close();
    world.gate.fail("emit", new Error("timeout"), 8);
    const run = runIn(world, pipelineOver(world.keyed(), { retry: { baseDelayMs: 100, maxDelayMs: 1000 } }));
    await world.clock.run(run.done);
    const delays = run.eventsOf("emit-retry").map((event) => event.delayMs);
    expect(delays).toHaveLength(8);
    expect(world.clock.monotonicNow()).toBe(delays.reduce((sum, delayMs) => sum + delayMs, 0));
  });

  it("has defaults, and lets maxDelayMs follow a larger base", () => {
    expect(retryFrom()).toEqual({
      maxAttempts: 10,
      maxRequestAttempts: Number.POSITIVE_INFINITY,
      baseDelayMs: 200,
      maxDelayMs: 20_000,
    });
    expect(retryFrom({ baseDelayMs: 60_000 }).maxDelayMs).toBe(60_000);
  });
});
