import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { definePipeline, json, KinesisConnectorError, type Pipeline, RecordBuffer } from "../src/index.js";
import { writerEmitter, writerLog, type WriterLog, HELD_BYTES } from "./support/writer-emitter.js";
import type { ObjectPlan } from "./support/memory-emitters.js";
import { recordsOf } from "./support/memory-shard.js";
import { createWorld, type Numbered, numbers, numbersIn, runIn, type World } from "./support/world.js";

/** Each record gives as many models as its number says: none, one or several; 7 is poison, and an output of 900 is refused. */
function manyOf({ data }: { readonly data: Uint8Array }): Numbered[] {
  const { n } = JSON.parse(new TextDecoder().decode(data)) as Numbered;
  if (n % 10 === 7) throw new KinesisConnectorError("KC_RECORD_POISON", "seven");
  return Array.from({ length: n % 4 }, (_, index) => ({ n: n * 10 + index }));
}

function pipelineIn(
  world: World<Numbered>,
  buffer: { readonly maxRecords: number; readonly maxBytes: number },
  log: WriterLog | undefined,
  batching: object = {},
): Pipeline<Numbered, Numbered, ObjectPlan, ObjectPlan> {
  const refuse = ({ output }: { readonly output: Numbered }) =>
    output.n % 100 === 91 ? ("dead-letter" as const) : undefined;
  const emitter = { ...world.planned(refuse), sizeOf: ({ n }: Numbered) => 1 + (n % 17), batching };
  return definePipeline({
    transformer: { toModel: manyOf, fromModel: (model: Numbered) => model },
    filter: ({ n }: Numbered) => n % 23 !== 0,
    buffer,
    emitter: log === undefined ? emitter : writerEmitter(emitter, log, refuse),
    deadLetters: world.deadLetters(),
  });
}

async function run(
  count: number,
  buffer: { readonly maxRecords: number; readonly maxBytes: number },
  log: WriterLog | undefined,
  batching: object = {},
): Promise<World<Numbered>> {
  const world = createWorld(recordsOf(count), { pageRecords: 7 });
  world.shard.close();
  await world.clock.run(runIn(world, pipelineIn(world, buffer, log, batching)).done);
  return world;
}

describe("encoded outputs", () => {
  it("meet in the objects that the same outputs make as entries, whatever the thresholds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 120 }),
        fc.boolean(),
        async (count, maxRecords, maxBytes, hasPartitions) => {
          const batching = hasPartitions
            ? { partitionOf: ({ n }: Numbered) => `p${n % 5}`, maxPartitions: 3 }
            : {};
          const log = writerLog();
          const encoded = await run(count, { maxRecords, maxBytes }, log, batching);
          const plain = await run(count, { maxRecords, maxBytes }, undefined, batching);
          expect(numbersIn(encoded.objects).flat()).toEqual(numbersIn(plain.objects).flat());
          expect(encoded.letters.entries.map(({ record }) => record.sequenceNumber)).toEqual(
            plain.letters.entries.map(({ record }) => record.sequenceNumber),
          );
          expect(encoded.lease.progress.checkpoint).toEqual(plain.lease.progress.checkpoint);
          for (const object of encoded.objects.sorted) {
            // Refused outputs were never in it, so these caps hold for what is written.
            const bytes = object.entries.reduce((sum, entry) => sum + entry.bytes, 0);
            const fromOneRecord =
              new Set(object.entries.map(({ record }) => record.sequenceNumber)).size === 1;
            expect(object.entries.length <= maxRecords || fromOneRecord).toBe(true);
            expect(bytes <= maxBytes || fromOneRecord).toBe(true);
          }
          expect(log).toEqual({ open: 0, undiscarded: 0, discardedTwice: 0, drained: log.drained });
          expect(encoded.budget.usedBytes).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("that cross a cap when they are staged open the next batch", async () => {
    const world = createWorld(recordsOf(5));
    world.shard.close();
    const log = writerLog();
    const pipeline = definePipeline<Numbered, Numbered, ObjectPlan>({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 100, maxBytes: 25 },
      emitter: writerEmitter({ ...world.planned(), sizeOf: () => 10 }, log),
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(numbersIn(world.objects)).toEqual([[0, 1], [2, 3], [4]]);
  });

  it("charge the worker's limit with what they hold, page by page, until their batch is written", async () => {
    const world = createWorld(recordsOf(12), { pageRecords: 4 });
    const log = writerLog();
    const pipeline = definePipeline<Numbered, Numbered, ObjectPlan>({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 1000, maxAgeMs: 5000 },
      emitter: writerEmitter(world.planned(), log),
    });
    const running = runIn(world, pipeline);
    await world.clock.advance(1000);
    expect(world.budget.usedBytes).toBe(12 * HELD_BYTES);
    await world.clock.advance(5000);
    expect(numbersIn(world.objects)).toEqual([numbers(12)]);
    expect(world.budget.usedBytes).toBe(0);
    expect(log).toEqual({ open: 1, undiscarded: 0, discardedTwice: 0, drained: 1 });
    running.stop();
    await world.clock.run(running.done);
    expect(log.open).toBe(0);
  });

  it("that have shrunk are given back before anybody is asked to flush early", async () => {
    const world = createWorld(recordsOf(40), { pageRecords: 10, maxReadAheadBytes: 1500 });
    world.shard.close();
    const log = writerLog();
    const pipeline = definePipeline<Numbered, Numbered, ObjectPlan>({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 1000 },
      emitter: writerEmitter({ ...world.planned(), sizeOf: () => 10 }, log),
    });
    log.shrinks = true;
    const running = runIn(world, pipeline);
    await world.clock.run(running.done);
    expect(running.eventsOf("buffer-flush").map(({ reason }) => reason)).toEqual(["shard-end"]);
    expect(world.budget.usedBytes).toBe(0);
  });

  it("are given up when the shard is lost while they wait behind a batch", async () => {
    const world = createWorld(recordsOf(8), { pageRecords: 2 });
    const log = writerLog();
    const letGo = world.gate.hold("emit");
    const pipeline = definePipeline<Numbered, Numbered, ObjectPlan>({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 2 },
      emitter: writerEmitter(world.planned(), log),
    });
    const running = runIn(world, pipeline);
    const ended = running.done.catch((error: unknown) => error);
    await world.clock.advance(1000);
    expect(log.undiscarded).toBeGreaterThan(1);
    running.abort(new KinesisConnectorError("KC_LEASE_LOST", "the shard belongs to another worker"));
    letGo(new Error("the connection is gone"));
    expect(await world.clock.run(ended)).toMatchObject({ code: "KC_LEASE_LOST" });
    expect(log).toMatchObject({ open: 0, undiscarded: 0, discardedTwice: 0 });
    expect(world.budget.usedBytes).toBe(0);
  });

  it("are left alone in a pipeline with a buffer of its own, which wants to see the entries", async () => {
    const world = createWorld(recordsOf(4));
    world.shard.close();
    const log = writerLog();
    const pipeline = definePipeline<Numbered, Numbered, ObjectPlan>({
      transformer: json<Numbered>(),
      buffer: () => new RecordBuffer<Numbered>({ maxRecords: 3 }),
      emitter: writerEmitter(world.planned(), log),
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(numbersIn(world.objects)).toEqual([[0, 1, 2], [3]]);
    expect(log.drained).toBe(0);
  });
});
