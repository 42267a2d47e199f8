import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  definePipeline,
  hasCode,
  json,
  KinesisConnectorError,
  type KinesisRecord,
  type MaybePromise,
  sleep,
} from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, type Numbered, numbers, numbersIn, runIn, type World } from "../support/world.js";

/** A transformer that looks each number up, and how many look-ups there were at once. */
const lookUp = (world: World<Numbered>, msOf: (n: number) => number) => {
  const seen = { inFlight: 0, most: 0, calls: [] as number[] };
  const transformer = json<Numbered>().to(async (model): Promise<Numbered> => {
    seen.calls.push(model.n);
    seen.inFlight += 1;
    seen.most = Math.max(seen.most, seen.inFlight);
    await sleep(world.clock, msOf(model.n));
    seen.inFlight -= 1;
    return model;
  });
  return { seen, transformer };
};

describe("transformConcurrency", () => {
  it.each([
    [1, 1000],
    [10, 100],
    [50, 20],
    [1000, 5],
  ])("200 look-ups of 5 ms take %d at once %d ms, and no more at once than that", async (atOnce, ms) => {
    const world = createWorld(recordsOf(200), { pageRecords: 200 });
    world.shard.close();
    const { seen, transformer } = lookUp(world, () => 5);
    const pipeline = definePipeline({ transformer, emitter: world.planned(), transformConcurrency: atOnce });
    await world.clock.run(runIn(world, pipeline).done);
    expect(world.clock.monotonicNow()).toBe(ms);
    expect(seen.most).toBe(Math.min(atOnce, 200));
    expect(seen.calls).toEqual(numbers(200));
    expect(numbersIn(world.objects).flat()).toEqual(numbers(200));
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("F47 keeps the order and the fate of every record, whatever takes how long and fails how", async () => {
    const ways = fc.record({
      atOnce: fc.integer({ min: 1, max: 12 }),
      pageRecords: fc.integer({ min: 1, max: 15 }),
      maxRecords: fc.integer({ min: 1, max: 9 }),
      fates: fc.array(
        fc.record({
          ms: fc.integer({ min: 0, max: 40 }),
          how: fc.constantFrom("now", "later", "dropped", "throws", "rejects", "rejects at once"),
        }),
        { minLength: 1, maxLength: 40 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(ways, async ({ atOnce, pageRecords, maxRecords, fates }) => {
        const world = createWorld(recordsOf(fates.length), { pageRecords });
        world.shard.close();
        const fateOf = ({ n }: Numbered) => fates[n]!;
        const encode = (model: Numbered): MaybePromise<Numbered> => {
          const { ms, how } = fateOf(model);
          if (how === "throws") throw new Error("thrown");
          if (how === "rejects at once") return Promise.reject(new Error("rejected"));
          if (how === "now") return model;
          return sleep(world.clock, ms).then(() => {
            if (how === "rejects") throw new Error("rejected");
            return model;
          });
        };
        const pipeline = definePipeline({
          transformer: json<Numbered>().to(encode),
          filter: (model) => fateOf(model).how !== "dropped",
          buffer: { maxRecords },
          emitter: world.planned(),
          deadLetters: world.deadLetters(),
          transformConcurrency: atOnce,
        });
        await world.clock.run(runIn(world, pipeline).done);
        const of = (...hows: string[]) => numbers(fates.length).filter((n) => hows.includes(fates[n]!.how));
        expect(numbersIn(world.objects).flat()).toEqual(of("now", "later"));
        const letters = world.letters.entries.map(({ output }) =>
          Buffer.from(output.data, "base64").toString(),
        );
        expect(letters).toEqual(of("throws", "rejects", "rejects at once").map((n) => `{"n":${n}}`));
        expect(world.clock.pendingTimers).toBe(0);
        expect(world.budget.usedBytes).toBe(0);
      }),
    );
  });

  it("stops before a poison record where there are no dead letters, whatever of those behind it has come", async () => {
    const world = createWorld(recordsOf(20));
    const transformer = json<Numbered>().to(async (model) => {
      await sleep(world.clock, model.n === 7 ? 100 : 1);
      if (model.n === 7 || model.n > 9) throw new Error("poison");
      return model;
    });
    const pipeline = definePipeline({ transformer, emitter: world.planned(), transformConcurrency: 8 });
    const error: unknown = await world.clock
      .run(runIn(world, pipeline).done)
      .catch((thrown: unknown) => thrown);
    expect(hasCode(error, "KC_RECORD_POISON")).toBe(true);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(7));
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("F42 lands what was taken in when a stop comes in the middle of a page, and the next owner reads the rest, once", async () => {
    const world = createWorld(recordsOf(100), { pageRecords: 100 });
    const { transformer } = lookUp(world, (n) => 5 + (n % 3));
    const pipeline = definePipeline({ transformer, emitter: world.planned(), transformConcurrency: 10 });
    const first = runIn(world, pipeline);
    await world.clock.advance(30);
    first.stop();
    await world.clock.run(first.done);
    const landed = numbersIn(world.objects).flat();
    expect(landed.length).toBeGreaterThan(10);
    expect(landed.length).toBeLessThan(100);
    expect(landed).toEqual(numbers(landed.length));
    // Look-ups that nobody waits for any more end by themselves; the time-outs around them have been cancelled.
    expect(world.clock.pendingTimers).toBeLessThanOrEqual(10);
    await world.clock.advance(10);
    expect(world.clock.pendingTimers).toBe(0);
    world.shard.close();
    await world.clock.run(runIn(world, pipeline).done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(100));
  });

  it("is cancelled together when the lease is lost", async () => {
    const world = createWorld(recordsOf(100), { pageRecords: 100 });
    const { transformer, seen } = lookUp(world, () => 60_000);
    const pipeline = definePipeline({
      transformer,
      emitter: world.planned(),
      transformConcurrency: 10,
      transformTimeoutMs: 120_000,
    });
    const run = runIn(world, pipeline);
    await world.clock.advance(10);
    const before = world.clock.pendingTimers;
    run.abort(new Error("lost"));
    await expect(run.done).rejects.toThrow("lost");
    expect(seen.calls).toHaveLength(10);
    // What is left are the ten sleeps of the look-ups themselves.
    expect(before).toBeGreaterThanOrEqual(20);
    expect(world.clock.pendingTimers).toBe(10);
  });

  it("F48 a look-up that never settles becomes a dead letter after its own time, and holds up no longer than that", async () => {
    const world = createWorld(recordsOf(10), { pageRecords: 10 });
    world.shard.close();
    const transformer = json<Numbered>().to((model): MaybePromise<Numbered> =>
      model.n % 2 === 0 ? model : new Promise<never>(() => undefined),
    );
    const pipeline = definePipeline({
      transformer,
      emitter: world.planned(),
      deadLetters: world.deadLetters(),
      transformConcurrency: 10,
      transformTimeoutMs: 5000,
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(numbersIn(world.objects).flat()).toEqual([0, 2, 4, 6, 8]);
    expect(world.letters.entries).toHaveLength(5);
    // All of them at once.
    expect(world.clock.monotonicNow()).toBe(5000);
  });

  it("F31 a batch that was prepared and not written is looked up again as many at once, and lands as it was recorded", async () => {
    const world = createWorld(recordsOf(100), { pageRecords: 100 });
    const { transformer } = lookUp(world, () => 5);
    const pipelineOf = (atOnce: number) =>
      definePipeline({
        transformer,
        filter: ({ n }) => n % 10 !== 3,
        buffer: { maxRecords: 45 },
        emitter: world.planned(),
        deadLetters: world.deadLetters(),
        transformConcurrency: atOnce,
      });
    const letGo = world.gate.hold("emit");
    const first = runIn(world, pipelineOf(100));
    await world.clock.advance(1000);
    expect(world.lease.progress.pending?.recordCount).toBe(50);
    first.abort(new Error("killed"));
    letGo(new Error("the connection is gone"));
    await first.done.catch(() => undefined);
    world.shard.close();
    const beforeMs = world.clock.monotonicNow();
    await world.clock.run(runIn(world, pipelineOf(45)).done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(100).filter((n) => n % 10 !== 3));
    expect(world.clock.monotonicNow() - beforeMs).toBeLessThan(100);
  });

  it("costs no promise where functions return values", async () => {
    const world = createWorld(recordsOf(50), { pageRecords: 50 });
    world.shard.close();
    const order: string[] = [];
    const transformer = json<Numbered>().to((model, { sequenceNumber }: KinesisRecord) => {
      order.push(sequenceNumber);
      // Would run between two records if anything were waited for.
      if (order.length === 1) void Promise.resolve().then(() => order.push("microtask"));
      return model;
    });
    const pipeline = definePipeline({ transformer, emitter: world.planned(), transformConcurrency: 10 });
    await world.clock.run(runIn(world, pipeline).done);
    expect(order.at(-1)).toBe("microtask");
    expect(order).toHaveLength(51);
  });

  it.each([0, -1, 1.5, 1001, Number.NaN, "5"])("refuses %j, and names the option", (transformConcurrency) => {
    const world = createWorld();
    const options = { transformer: json<Numbered>(), emitter: world.planned() };
    expect(() =>
      definePipeline({ ...options, transformConcurrency: transformConcurrency as number }),
    ).toThrow(
      expect.objectContaining({
        code: "KC_OPTION_INVALID",
        message: expect.stringContaining("transformConcurrency"),
      }),
    );
  });
});

describe("transformConcurrency and look-ups that do not answer", () => {
  it("tries each again in its turn, and keeps the order and every record once", async () => {
    const world = createWorld(recordsOf(60), { pageRecords: 60 });
    world.shard.close();
    const tries = new Map<number, number>();
    const transformer = json<Numbered>().to(async (model) => {
      await sleep(world.clock, 1 + ((model.n * 7) % 11));
      const attempt = (tries.get(model.n) ?? 0) + 1;
      tries.set(model.n, attempt);
      if (model.n % 6 === 4 && attempt < 3)
        throw new KinesisConnectorError("KC_LOOKUP_FAILED", "the registry is down");
      return model;
    });
    const pipeline = definePipeline({
      transformer,
      emitter: world.planned(),
      deadLetters: world.deadLetters(),
      transformConcurrency: 8,
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(60));
    expect(world.letters.entries).toHaveLength(0);
    expect([...tries.values()].filter((count) => count === 3)).toHaveLength(10);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("F42 a stop during the outage leaves the record and those behind it to the next owner, once", async () => {
    const world = createWorld(recordsOf(30), { pageRecords: 30 });
    let isDown = true;
    const transformer = json<Numbered>().to(async (model) => {
      await sleep(world.clock, 1);
      if (isDown && model.n >= 12 && model.n % 2 === 0)
        throw new KinesisConnectorError("KC_LOOKUP_FAILED", "the registry is down");
      return model;
    });
    const pipeline = definePipeline({ transformer, emitter: world.planned(), transformConcurrency: 8 });
    const first = runIn(world, pipeline);
    await world.clock.advance(60_000);
    first.stop();
    await world.clock.run(first.done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(12));
    isDown = false;
    world.shard.close();
    await world.clock.run(runIn(world, pipeline).done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(30));
  });
});
