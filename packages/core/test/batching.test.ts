import { describe, expect, it } from "vitest";
import { type Batching, definePipeline, json, type Pipeline } from "../src/index.js";
import type { ObjectPlan } from "./support/memory-emitters.js";
import { recordsOf } from "./support/memory-shard.js";
import { createWorld, type Numbered, numbers, numbersIn, runIn, type World } from "./support/world.js";

/** Partitions 0 to `count` - 1 in turn. */
const inTurn =
  (count: number) =>
  ({ n }: Numbered): string =>
    `p${n % count}`;

function pipelineIn(
  world: World<Numbered>,
  batching: Batching<Numbered>,
  options: { readonly bytes?: number; readonly isSettingAside?: boolean; readonly maxAgeMs?: number } = {},
): Pipeline<Numbered, Numbered, ObjectPlan, ObjectPlan> {
  const { bytes = 10, isSettingAside = false, maxAgeMs = 1000 } = options;
  return definePipeline<Numbered, Numbered, ObjectPlan, ObjectPlan>({
    transformer: json<Numbered>(),
    buffer: { maxAgeMs },
    emitter: { ...world.planned(), sizeOf: () => bytes, batching },
    ...(isSettingAside ? { deadLetters: world.deadLetters() } : {}),
  });
}

describe("batches by partition", () => {
  it("end before the record that would open one partition too many, as one contiguous range", async () => {
    const world = createWorld(recordsOf(20, (n) => JSON.stringify({ n: Math.floor(n / 3) })));
    world.shard.close();
    const running = runIn(world, pipelineIn(world, { partitionOf: inTurn(100), maxPartitions: 2 }));
    await world.clock.run(running.done);
    const all = numbers(20).map((n) => Math.floor(n / 3));
    expect(numbersIn(world.objects)).toEqual([
      all.slice(0, 6),
      all.slice(6, 12),
      all.slice(12, 18),
      all.slice(18),
    ]);
    expect(running.eventsOf("buffer-flush").map(({ reason }) => reason)).toEqual([
      "partitions",
      "partitions",
      "partitions",
      "shard-end",
    ]);
  });

  it("keep the partition's name with each entry", async () => {
    const world = createWorld(recordsOf(4));
    world.shard.close();
    await world.clock.run(runIn(world, pipelineIn(world, { partitionOf: inTurn(2) })).done);
    expect(world.objects.entries.map(({ partition }) => partition)).toEqual(["p0", "p1", "p0", "p1"]);
  });

  it("S04 send a flood of partitions to the dead letters when that is the policy, and go on with the known ones", async () => {
    const world = createWorld(recordsOf(12));
    world.shard.close();
    const batching: Batching<Numbered> = {
      partitionOf: inTurn(4),
      maxPartitions: 3,
      onPartitionFlood: "dead-letter",
    };
    await world.clock.run(runIn(world, pipelineIn(world, batching, { isSettingAside: true })).done);
    expect(numbersIn(world.objects)).toEqual([numbers(12).filter((n) => n % 4 < 3)]);
    const letters = world.letters.entries.map(({ output }) => output);
    expect(letters.map(({ errorCode }) => errorCode)).toEqual(Array(3).fill("KC_RECORD_POISON"));
    expect(letters[0]?.errorMessage).toContain("maxPartitions");
  });

  it("count each partition of a record with several outputs once, and take such a record whole into an empty batch", async () => {
    const world = createWorld(recordsOf(3));
    world.shard.close();
    const pipeline = definePipeline<Numbered, Numbered, ObjectPlan>({
      transformer: {
        toModel: ({ data }) => {
          const { n } = JSON.parse(Buffer.from(data).toString()) as Numbered;
          return [{ n: n * 10 }, { n: n * 10 + 1 }, { n: n * 10 }, { n: n * 10 + 2 }];
        },
        fromModel: (model) => model,
      },
      emitter: { ...world.planned(), batching: { partitionOf: inTurn(1000), maxPartitions: 2 } },
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(numbersIn(world.objects)).toEqual([
      [0, 1, 0, 2],
      [10, 11, 10, 12],
      [20, 21, 20, 22],
    ]);
  });

  it("treat what the partition function throws as poison", async () => {
    const world = createWorld(recordsOf(3));
    world.shard.close();
    const partitionOf = ({ n }: Numbered): string => {
      if (n === 1) throw new TypeError("no country");
      return "p";
    };
    await world.clock.run(runIn(world, pipelineIn(world, { partitionOf }, { isSettingAside: true })).done);
    expect(numbersIn(world.objects)).toEqual([[0, 2]]);
    expect(world.letters.entries.map(({ output }) => output.errorCode)).toEqual(["TypeError"]);
  });
});

describe("batches with a target", () => {
  it("end when one partition has come to it, whatever the default caps of the buffer are", async () => {
    const world = createWorld(recordsOf(30_000), { pageRecords: 5000 });
    world.shard.close();
    const running = runIn(world, pipelineIn(world, { partitionOf: inTurn(2), targetBytes: 120_000 }));
    await world.clock.run(running.done);
    // Two partitions of 12,000 records with 10 bytes each; the first one to come to it ends the batch.
    expect(running.eventsOf("buffer-flush").map(({ reason, records }) => [reason, records])).toEqual([
      ["bytes", 23_999],
      ["shard-end", 6001],
    ]);
  });

  it("obey the buffer's own caps where these are set", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 4 },
      emitter: { ...world.planned(), batching: { targetBytes: 1_000_000 } },
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(numbersIn(world.objects)).toEqual([numbers(4), numbers(4, 4), numbers(2, 8)]);
  });
});

describe("batches with a least size", () => {
  it("wait past the age of the buffer for it, but not for ever", async () => {
    const world = createWorld(recordsOf(3));
    const running = runIn(world, pipelineIn(world, { minBytes: 100, maxWaitMs: 60_000 }));
    await world.clock.advance(30_000);
    expect(world.objects.objects.size).toBe(0);
    await world.clock.advance(31_000);
    expect(numbersIn(world.objects)).toEqual([numbers(3)]);
    running.stop();
    await world.clock.run(running.done);
  });

  it("go by age as soon as they have it", async () => {
    const world = createWorld(recordsOf(3));
    const running = runIn(world, pipelineIn(world, { minBytes: 50, maxWaitMs: 600_000 }));
    await world.clock.advance(30_000);
    world.shard.append(...recordsOf(2, undefined, 3));
    await world.clock.advance(5_000);
    expect(numbersIn(world.objects)).toEqual([numbers(5)]);
    running.stop();
    await world.clock.run(running.done);
  });
});

describe("outcomes", () => {
  it("end a batch before they would be too long for the lease row", async () => {
    // Every other record is dropped: two bytes of outcome each.
    const world = createWorld([], { pageRecords: 5000 });
    for (let first = 0; first < 80_000; first += 5000)
      world.shard.append(...recordsOf(5000, undefined, first));
    world.shard.close();
    const pipeline = definePipeline<Numbered, Numbered, ObjectPlan, ObjectPlan>({
      transformer: json<Numbered>(),
      filter: ({ n }) => n % 2 === 0,
      buffer: { maxRecords: 1_000_000 },
      emitter: world.planned(),
      deadLetters: world.deadLetters(),
    });
    const running = runIn(world, pipeline);
    await world.clock.run(running.done);
    const reasons = running.eventsOf("buffer-flush").map(({ reason }) => reason);
    expect(reasons).toEqual(["outcomes", "outcomes", "shard-end"]);
    expect(world.objects.entries).toHaveLength(40_000);
    expect(world.lease.violations).toEqual([]);
  });

  it("do not end a batch that cannot need them", async () => {
    const world = createWorld(recordsOf(20_000), { pageRecords: 5000 });
    world.shard.close();
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      filter: ({ n }: Numbered) => n % 2 === 0,
      buffer: { maxRecords: 1_000_000 },
      emitter: world.planned(),
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(world.objects.objects.size).toBe(1);
  });
});
