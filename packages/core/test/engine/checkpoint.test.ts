import { describe, expect, it } from "vitest";
import { definePipeline, json } from "../../src/index.js";
import { positionOf, recordsOf } from "../support/memory-shard.js";
import {
  createWorld,
  type Numbered,
  numbers,
  numbersIn,
  runIn,
  type World,
  writesOf,
} from "../support/world.js";

const pipelineOver = (world: World<Numbered>, filter: (model: Numbered) => boolean = () => true) =>
  definePipeline({
    transformer: json<Numbered>(),
    filter,
    buffer: { maxRecords: 10 },
    emitter: world.planned(),
  });

describe("checkpoint", () => {
  it("moves only after the emitter has settled, and the range is stored before it is asked", async () => {
    const world = createWorld(recordsOf(10));
    const letGo = world.gate.hold("emit");
    const run = runIn(world, pipelineOver(world));
    await world.clock.advance(100_000);
    expect(writesOf(world.lease)).toEqual(["prepare"]);
    expect(world.lease.progress.pending).toMatchObject({
      first: positionOf(0),
      last: positionOf(9),
      recordCount: 10,
    });
    expect(world.lease.progress.pending?.plan).toEqual({ key: expect.stringContaining("objects/") });
    letGo();
    await world.clock.advance(1);
    expect(writesOf(world.lease)).toEqual(["prepare", "commit"]);
    expect(world.lease.progress).toEqual({ checkpoint: positionOf(9), pending: undefined });
    run.stop();
    await world.clock.run(run.done);
  });

  it("has one batch in flight while the next one fills, and commits in order", async () => {
    const world = createWorld(recordsOf(35));
    const letGo = world.gate.hold("emit");
    const run = runIn(world, pipelineOver(world));
    await world.clock.advance(1000);
    // The first is in flight, the second is full and waits for it; nothing is prepared beside it.
    expect(world.gate.count("emit")).toBe(1);
    expect(world.lease.prepared).toHaveLength(1);
    expect(run.eventsOf("buffer-flush")).toHaveLength(2);
    letGo();
    await world.clock.advance(1000);
    expect(writesOf(world.lease)).toEqual(["prepare", "commit", "prepare", "commit", "prepare", "commit"]);
    expect(world.lease.committed).toEqual([positionOf(9), positionOf(19), positionOf(29)]);
    run.stop();
    await world.clock.run(run.done);
    expect(world.lease.committed.at(-1)).toEqual(positionOf(34));
    expect(numbersIn(world.objects).flat()).toEqual(numbers(35));
  });

  it("is not prepared for emitters without a plan, only committed", async () => {
    const world = createWorld(recordsOf(20));
    world.shard.close();
    const run = runIn(
      world,
      definePipeline({ transformer: json<Numbered>(), buffer: { maxRecords: 10 }, emitter: world.keyed() }),
    );
    expect(await world.clock.run(run.done)).toEqual({ type: "shard-end", childShards: [] });
    expect(writesOf(world.lease)).toEqual(["commit", "commit"]);
    expect(world.rows.size).toBe(20);
  });

  it("moves over records that the filter dropped, ten seconds after the first of them", async () => {
    const world = createWorld(recordsOf(30));
    const run = runIn(
      world,
      pipelineOver(world, () => false),
    );
    await world.clock.advance(9_999);
    expect(world.lease.writes).toEqual([]);
    await world.clock.advance(1);
    expect(writesOf(world.lease)).toEqual(["commit"]);
    expect(world.lease.progress.checkpoint).toEqual(positionOf(29));
    expect(world.objects.objects.size).toBe(0);
    expect(run.eventsOf("checkpoint-commit")).toMatchObject([
      { read: 30, emitted: 0, filtered: 30, deadLettered: 0 },
    ]);
    run.stop();
    await world.clock.run(run.done);
  });

  it("moves over dropped records after 50,000 of them, without waiting for the timer", async () => {
    const world = createWorld(recordsOf(50_001), { pageRecords: 10_000 });
    const run = runIn(
      world,
      pipelineOver(world, () => false),
    );
    await world.clock.advance(0);
    expect(world.lease.committed).toEqual([positionOf(49_999)]);
    run.stop();
    await world.clock.run(run.done);
    expect(world.lease.committed.at(-1)).toEqual(positionOf(50_000));
  });

  it("moves over what the reader kept to itself", async () => {
    const world = createWorld(recordsOf(12), { isHidden: (record) => record.partitionKey !== "key-0" });
    world.shard.close();
    const run = runIn(world, pipelineOver(world));
    await world.clock.run(run.done);
    expect(numbersIn(world.objects)).toEqual([[0, 3, 6, 9]]);
    expect(world.lease.progress.checkpoint).toEqual(positionOf(11));
  });

  it("never begins a range at a record that the range before ended with", async () => {
    const world = createWorld(recordsOf(10));
    const source = {
      open: (from: Parameters<typeof world.shard.open>[0]) => {
        const reader = world.shard.open(from);
        // A reader that always says how far it has come, also when that is its last record.
        return {
          ...reader,
          next: async (signal: AbortSignal) => {
            const page = await reader.next(signal);
            const last = page.records.at(-1);
            return last === undefined ? page : { ...page, scannedEnd: last };
          },
        };
      },
    };
    const run = runIn(world, pipelineOver(world), { source });
    await world.clock.advance(1000);
    world.shard.append(...recordsOf(10, undefined, 10));
    await world.clock.advance(20_000);
    expect(world.lease.prepared.map((batch) => batch.first)).toEqual([positionOf(0), positionOf(10)]);
    expect(world.lease.violations).toEqual([]);
    run.stop();
    await world.clock.run(run.done);
  });

  it("F35 stops the shard when a commit fails: nothing is cleared, nothing continues", async () => {
    const world = createWorld(recordsOf(40));
    world.gate.fail("commit", new Error("the table is gone"));
    const run = runIn(world, pipelineOver(world));
    await expect(world.clock.run(run.done)).rejects.toThrow("the table is gone");
    expect(writesOf(world.lease)).toEqual(["prepare"]);
    expect(world.lease.progress.checkpoint).toBeUndefined();
    expect(world.gate.count("emit")).toBe(1);
    expect(run.eventsOf("shard-stop")).toMatchObject([{ reason: "error" }]);
    expect(world.budget.usedBytes).toBe(0);
    // The next owner finishes the batch without writing it again, and goes on behind it.
    world.shard.close();
    await world.clock.run(runIn(world, pipelineOver(world)).done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(40));
    expect(world.gate.count("emit")).toBe(4);
  });

  it("F35 delivers nothing behind a batch that failed while the page after it was being worked on", async () => {
    const world = createWorld(recordsOf(30), { pageRecords: 30 });
    world.gate.fail("commit", new Error("the table is gone"));
    const transformer = json<Numbered>().to((model) => {
      if (model.n !== 15) return model;
      return new Promise<Numbered>((resolve) => {
        world.clock.setTimer(100, () => resolve(model));
      });
    });
    const run = runIn(
      world,
      definePipeline({ transformer, buffer: { maxRecords: 10 }, emitter: world.planned() }),
    );
    await expect(world.clock.run(run.done)).rejects.toThrow("the table is gone");
    expect(writesOf(world.lease)).toEqual(["prepare"]);
    expect(world.lease.violations).toEqual([]);
    expect(world.objects.objects.size).toBe(1);
    expect(world.budget.usedBytes).toBe(0);
  });

  it("stops the shard when a prepare fails, before anything is written", async () => {
    const world = createWorld(recordsOf(10));
    world.gate.fail("prepare", new Error("no rights"));
    const run = runIn(world, pipelineOver(world));
    await expect(world.clock.run(run.done)).rejects.toThrow("no rights");
    expect(world.gate.count("emit")).toBe(0);
    expect(world.objects.objects.size).toBe(0);
  });

  it("counts every record once: read = emitted + filtered + dead letters", async () => {
    const world = createWorld(recordsOf(30, (index) => (index % 7 === 3 ? "{" : `{"n":${index}}`)));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      filter: ({ n }) => n % 2 === 0,
      buffer: { maxRecords: 5 },
      emitter: world.planned(({ output }) => (output.n === 8 ? "dead-letter" : undefined)),
      deadLetters: world.deadLetters(),
    });
    const run = runIn(world, pipeline);
    await world.clock.run(run.done);
    const total = { read: 0, emitted: 0, filtered: 0, deadLettered: 0 };
    for (const commit of run.eventsOf("checkpoint-commit")) {
      expect(commit.read).toBe(commit.emitted + commit.filtered + commit.deadLettered);
      for (const name of ["read", "emitted", "filtered", "deadLettered"] as const)
        total[name] += commit[name];
    }
    expect(total).toEqual({
      read: 30,
      emitted: world.objects.entries.length,
      filtered: 30 - world.objects.entries.length - world.letters.entries.length,
      deadLettered: world.letters.entries.length,
    });
    expect(world.letters.entries).toHaveLength(5);
  });
});
