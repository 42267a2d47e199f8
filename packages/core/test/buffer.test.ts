import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BufferEntry, type BufferOptions, definePipeline, json, RecordBuffer } from "../src/index.js";
import { positionOf, recordsOf } from "./support/memory-shard.js";
import { createWorld, type Numbered, numbers, numbersIn, runIn, type World } from "./support/world.js";

const [record] = recordsOf(1);
const entryOf = (bytes: number): BufferEntry<number> => ({ output: bytes, record: record!, bytes });

describe("RecordBuffer", () => {
  it("asks for nothing while it is empty", () => {
    const buffer = new RecordBuffer<number>({ maxAgeMs: 1 });
    expect(buffer.shouldFlush(1_000_000)).toBeUndefined();
    expect(buffer.dueMs()).toBeUndefined();
    expect(buffer.drain()).toEqual([]);
  });

  it("names the threshold that was reached: records, bytes, age", () => {
    const buffer = new RecordBuffer<number>({ maxRecords: 3, maxBytes: 100, maxAgeMs: 50 });
    buffer.add(entryOf(10), 5);
    expect(buffer.shouldFlush(54)).toBeUndefined();
    expect(buffer.shouldFlush(55)).toBe("age");
    buffer.add(entryOf(90), 6);
    expect(buffer.shouldFlush(6)).toBe("bytes");
    expect(buffer.drain()).toHaveLength(2);
    for (let count = 0; count < 3; count += 1) buffer.add(entryOf(1), 7);
    expect(buffer.shouldFlush(7)).toBe("records");
  });

  it("measures the age from its first entry, and anew after each drain", () => {
    const buffer = new RecordBuffer<number>({ maxAgeMs: 50 });
    buffer.add(entryOf(1), 10);
    buffer.add(entryOf(1), 40);
    expect(buffer.dueMs()).toBe(60);
    buffer.drain();
    buffer.add(entryOf(1), 100);
    expect(buffer.dueMs()).toBe(150);
  });

  it("takes anything while it is empty, so that one large entry cannot be refused for ever", () => {
    const buffer = new RecordBuffer<number>({ maxRecords: 1, maxBytes: 10 });
    expect(buffer.fits(5, 1000)).toBe(true);
    buffer.add(entryOf(1000), 0);
    expect(buffer.fits(0, 0)).toBe(false);
  });
});

describe("thresholds in the engine", () => {
  const pipelineOver = (world: World<Numbered>, buffer: BufferOptions) =>
    definePipeline({ transformer: json<Numbered>(), buffer, emitter: world.planned() });

  it("cuts a page exactly where the count is reached", async () => {
    const world = createWorld(recordsOf(25), { pageRecords: 25 });
    world.shard.close();
    const run = runIn(world, pipelineOver(world, { maxRecords: 10 }));
    await world.clock.run(run.done);
    expect(numbersIn(world.objects)).toEqual([numbers(10), numbers(10, 10), numbers(5, 20)]);
    expect(run.eventsOf("buffer-flush").map((event) => event.reason)).toEqual([
      "records",
      "records",
      "shard-end",
    ]);
    expect(world.lease.committed).toEqual([positionOf(9), positionOf(19), positionOf(24)]);
  });

  it("cuts a page before the record that would cross the cap of bytes", async () => {
    const world = createWorld(recordsOf(6), { pageRecords: 6 });
    world.shard.close();
    const bytes = recordsOf(1)[0]!.data.length;
    const run = runIn(world, pipelineOver(world, { maxBytes: bytes * 2 + 1 }));
    await world.clock.run(run.done);
    expect(numbersIn(world.objects)).toEqual([numbers(2), numbers(2, 2), numbers(2, 4)]);
  });

  it("F56 makes a record that is larger than the cap a batch of its own, and empty data no trouble", async () => {
    const large = "x".repeat(1024 * 1024);
    const data = ["", "a", large, "", "b"];
    const world = createWorld<Uint8Array>(recordsOf(5, (index) => data[index]!));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: { toModel: (one) => one.data, fromModel: (model: Uint8Array) => model },
      buffer: { maxBytes: 1000 },
      emitter: world.planned(),
    });
    const run = runIn(world, pipeline);
    await world.clock.run(run.done);
    const sizes = world.objects.sorted.map((object) => object.entries.map((entry) => entry.bytes));
    expect(sizes).toEqual([[0, 1], [1024 * 1024], [0, 1]]);
    expect(world.budget.usedBytes).toBe(0);
  });

  it("F68 flushes by age though nothing new arrives", async () => {
    const world = createWorld(recordsOf(3), { idleMs: 3_600_000 });
    const run = runIn(world, pipelineOver(world, { maxAgeMs: 45_000 }));
    await world.clock.advance(44_999);
    expect(world.objects.objects.size).toBe(0);
    await world.clock.advance(1);
    expect(numbersIn(world.objects)).toEqual([numbers(3)]);
    expect(world.lease.committed).toEqual([positionOf(2)]);
    expect(run.eventsOf("buffer-flush").map((event) => event.reason)).toEqual(["age"]);
    run.stop();
    await world.clock.run(run.done);
  });

  it("never crosses a cap, whatever the sizes, pages and thresholds are, and loses nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 20 }),
        async (sizes, maxRecords, maxBytes, pageRecords) => {
          const world = createWorld<Uint8Array>(
            recordsOf(sizes.length, (index) => new Uint8Array(sizes[index]!).fill(index)),
            { pageRecords },
          );
          world.shard.close();
          const pipeline = definePipeline({
            transformer: { toModel: (one) => one.data, fromModel: (model: Uint8Array) => model },
            buffer: { maxRecords, maxBytes },
            emitter: world.planned(),
          });
          const run = runIn(world, pipeline);
          await world.clock.run(run.done);
          for (const { entries } of world.objects.sorted) {
            expect(entries.length).toBeLessThanOrEqual(maxRecords);
            const total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
            expect(total <= maxBytes || entries.length === 1).toBe(true);
          }
          expect(world.objects.entries.map((entry) => entry.record)).toEqual(world.shard.records);
          expect(world.budget.usedBytes).toBe(0);
          expect(world.clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
