import { describe, expect, it } from "vitest";
import {
  definePipeline,
  hasCode,
  json,
  type KinesisRecord,
  KinesisConnectorError,
  type PipelineOptions,
  type PreparedBatch,
  silentLogger,
} from "../../src/index.js";
import type { ObjectPlan } from "../support/memory-emitters.js";
import { replayRange } from "../../src/engine/replay.js";
import { positionOf, recordsOf } from "../support/memory-shard.js";
import { SeededRandom } from "../support/seeded-random.js";
import {
  createWorld,
  type Numbered,
  numbers,
  numbersIn,
  runIn,
  type World,
  writesOf,
} from "../support/world.js";

type Options = Partial<PipelineOptions<Numbered, Numbered, ObjectPlan, ObjectPlan>>;
const pipelineOver = (world: World<Numbered>, options: Options = {}) =>
  definePipeline<Numbered, Numbered, ObjectPlan, ObjectPlan>({
    transformer: json<Numbered>(),
    buffer: { maxRecords: 10 },
    emitter: world.planned(),
    deadLetters: world.deadLetters(),
    ...options,
  });
const poisoned = (count: number, ...poison: number[]): KinesisRecord[] =>
  recordsOf(count, (index) => (poison.includes(index) ? "{" : `{"n":${index}}`));

/** An owner that dies after the prepare of its first batch and before anything of it is written. */
async function dieAfterPrepare(world: World<Numbered>, options: Options = {}): Promise<PreparedBatch> {
  const letGo = world.gate.hold("emit");
  const run = runIn(world, pipelineOver(world, options));
  await world.clock.runUntil(() => world.lease.progress.pending !== undefined);
  run.abort(new Error("killed"));
  letGo(new Error("connection reset"));
  await expect(world.clock.run(run.done)).rejects.toThrow("killed");
  return world.lease.progress.pending!;
}

/** The `index`-th record of aggregates of five. */
function subRecord(index: number): KinesisRecord {
  const [record] = recordsOf(1, () => `{"n":${index}}`, Math.floor(index / 5));
  return { ...record!, subSequenceNumber: index % 5 };
}

describe("the next owner of a prepared batch", () => {
  it("commits without reading anything when everything it was planned to write is there", async () => {
    const world = createWorld(recordsOf(10));
    world.gate.fail("commit");
    await expect(world.clock.run(runIn(world, pipelineOver(world)).done)).rejects.toThrow("connection reset");
    const written = world.shard.handedOver.length;
    world.shard.close();
    const nextOwner = runIn(world, pipelineOver(world));
    await world.clock.run(nextOwner.done);
    expect(world.shard.opened.at(-1)).toEqual({ type: "after", position: positionOf(9) });
    expect(world.shard.opened).toHaveLength(2);
    expect(world.shard.handedOver).toHaveLength(written);
    expect(writesOf(world.lease)).toEqual(["prepare", "commit"]);
    expect(nextOwner.eventsOf("shard-start")).toMatchObject([{ checkpoint: undefined, inherited: true }]);
    expect(nextOwner.eventsOf("checkpoint-commit")).toMatchObject([
      { read: 10, emitted: 10, inherited: true },
    ]);
    expect(world.gate.count("emit")).toBe(1);
  });

  it("reads exactly the recorded range and writes where it was recorded, whatever its own thresholds are", async () => {
    const world = createWorld(recordsOf(25), { pageRecords: 7 });
    const pending = await dieAfterPrepare(world);
    world.shard.close();
    const nextOwner = runIn(world, pipelineOver(world, { buffer: { maxRecords: 3 } }));
    await world.clock.run(nextOwner.done);
    expect(world.shard.opened[1]).toEqual({ type: "at", position: positionOf(0) });
    expect(world.shard.opened[2]).toEqual({ type: "after", position: positionOf(9) });
    const [first] = world.objects.sorted;
    expect(first).toMatchObject({ ...(pending.plan as ObjectPlan), batchId: pending.batchId, gap: false });
    expect(numbersIn(world.objects).map((one) => one.length)).toEqual([10, 3, 3, 3, 3, 3]);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(25));
    expect(world.lease.prepared.filter((batch) => batch.batchId === pending.batchId)).toHaveLength(1);
    expect(world.shard.openReaders).toBe(0);
    // Each record is in a page of this owner, or in a batch that it inherited.
    const commits = nextOwner.eventsOf("checkpoint-commit");
    expect(commits.map(({ read, inherited }) => [read, inherited])).toEqual([
      [10, true],
      ...[3, 3, 3, 3, 3].map((read) => [read, false]),
    ]);
    const read = nextOwner.eventsOf("page-read").reduce((all, { records }) => all + records, 0);
    expect(read).toBe(15);
  });

  it("finishes the range though it begins and ends inside aggregated records", async () => {
    const world = createWorld(numbers(20).map(subRecord));
    world.lease.restore({ checkpoint: { ...positionOf(0), subSequenceNumber: 2 }, pending: undefined });
    const pending = await dieAfterPrepare(world);
    expect([pending.first, pending.last]).toEqual([
      { ...positionOf(0), subSequenceNumber: 3 },
      { ...positionOf(2), subSequenceNumber: 2 },
    ]);
    world.shard.close();
    await world.clock.run(runIn(world, pipelineOver(world)).done);
    expect(numbersIn(world.objects)).toEqual([numbers(10, 3), numbers(7, 13)]);
  });

  it("finishes a range that begins and ends with records the reader keeps to itself", async () => {
    const world = createWorld(recordsOf(10), { isHidden: ({ partitionKey }) => partitionKey !== "key-1" });
    const options = { buffer: { maxAgeMs: 1000 } };
    const pending = await dieAfterPrepare(world, options);
    expect(pending).toMatchObject({ last: positionOf(9), recordCount: 3 });
    world.shard.close();
    await world.clock.run(runIn(world, pipelineOver(world, options)).done);
    expect(numbersIn(world.objects)).toEqual([[1, 4, 7]]);
  });

  it("asks whether everything is written until it is answered", async () => {
    const world = createWorld(recordsOf(10));
    await dieAfterPrepare(world);
    world.shard.close();
    world.gate.fail("is-written", new Error("SlowDown"), 5);
    const nextOwner = runIn(world, pipelineOver(world));
    await world.clock.run(nextOwner.done);
    expect(nextOwner.eventsOf("emit-retry")).toHaveLength(5);
    expect(numbersIn(world.objects)).toEqual([numbers(10)]);
  });

  it("is told by the emitter's context that the batch is inherited", async () => {
    const world = createWorld(recordsOf(10));
    await dieAfterPrepare(world);
    world.shard.append(...recordsOf(10, undefined, 10));
    world.shard.close();
    const planned = world.planned();
    const inherited: boolean[] = [];
    const emitter: typeof planned = {
      ...planned,
      emit: (batch, context) => {
        inherited.push(context.inherited);
        return planned.emit(batch, context);
      },
    };
    await world.clock.run(runIn(world, pipelineOver(world, { emitter })).done);
    expect(inherited).toEqual([true, false]);
  });

  it("asks emitters that are classes as well as literals: their functions keep their `this`", async () => {
    const world = createWorld(recordsOf(10));
    const planned = world.planned();
    class OwnEmitter {
      readonly capabilities = planned.capabilities;
      readonly #inner = planned;
      measured = 0;
      sizeOf(): number {
        this.measured += 1;
        return 1;
      }
      plan(batch: Parameters<NonNullable<typeof planned.plan>>[0]): ObjectPlan {
        return this.#inner.plan!(batch);
      }
      isWritten(...values: Parameters<NonNullable<typeof planned.isWritten>>): Promise<boolean> {
        return this.#inner.isWritten!(...values);
      }
      emit(...values: Parameters<typeof planned.emit>): ReturnType<typeof planned.emit> {
        return this.#inner.emit(...values);
      }
    }
    world.gate.fail("commit");
    const first = new OwnEmitter();
    await expect(world.clock.run(runIn(world, pipelineOver(world, { emitter: first })).done)).rejects.toThrow(
      "connection reset",
    );
    // Each output is measured once: measuring may mean encoding it.
    expect(first.measured).toBe(10);
    world.shard.close();
    await world.clock.run(runIn(world, pipelineOver(world, { emitter: new OwnEmitter() })).done);
    expect(world.gate.count("is-written")).toBe(1);
    expect(numbersIn(world.objects)).toEqual([numbers(10)]);
  });

  it("stops when the place holds something else", async () => {
    const world = createWorld(recordsOf(10));
    const { plan } = await dieAfterPrepare(world);
    const { key } = plan as ObjectPlan;
    world.objects.putIfAbsent({ key, batchId: "?", recordCount: 1, idsSha256: "?", gap: false, entries: [] });
    await expect(world.clock.run(runIn(world, pipelineOver(world)).done)).rejects.toMatchObject({
      code: "KC_PLACE_TAKEN",
    });
    expect(world.lease.progress.pending).toBeDefined();
  });
});

describe("recorded outcomes", () => {
  it("are obeyed by a next owner whose filter decides otherwise (I10)", async () => {
    const world = createWorld(poisoned(12, 5));
    const pending = await dieAfterPrepare(world, {
      filter: ({ n }) => n % 2 === 0,
      buffer: { maxAgeMs: 1000 },
    });
    expect(pending.routes).toBe("1k1d1k1d1k1x1k1d1k1d1k1d");
    world.shard.append(...recordsOf(4, undefined, 12));
    world.shard.close();
    // The opposite decision for every record.
    await world.clock.run(runIn(world, pipelineOver(world, { filter: ({ n }) => n % 2 === 1 })).done);
    expect(numbersIn(world.objects)[0]).toEqual([0, 2, 4, 6, 8, 10]);
    expect(world.letters.entries.map(({ output }) => output.sequenceNumber)).toEqual([
      positionOf(5).sequenceNumber,
    ]);
    expect(numbersIn(world.objects)[1]).toEqual([13, 15]);
  });

  it("keep a dead letter a dead letter when the next owner could decode it", async () => {
    const world = createWorld(recordsOf(10));
    const letGo = world.gate.hold("dead-letter-emit");
    const refusing = world.planned(({ output }) => (output.n === 4 ? "dead-letter" : undefined));
    const first = runIn(world, pipelineOver(world, { emitter: refusing }));
    await world.clock.runUntil(() => world.gate.count("dead-letter-emit") === 1);
    first.abort(new Error("killed"));
    const nextOwner = runIn(world, pipelineOver(world));
    world.shard.close();
    letGo();
    await world.clock.run(nextOwner.done);
    expect(numbersIn(world.objects)).toEqual([[0, 1, 2, 3, 5, 6, 7, 8, 9]]);
    expect(world.letters.entries).toHaveLength(1);
  });

  const mirrored = {
    toModel: (record: KinesisRecord) => {
      const { n } = json<Numbered>().toModel(record) as Numbered;
      return [{ n }, { n: -1 - n }];
    },
    fromModel: (model: Numbered) => model,
  };

  it("keep all models of a record that were recorded as kept, though the filter drops them now", async () => {
    const world = createWorld(poisoned(4, 2));
    const pending = await dieAfterPrepare(world, { transformer: mirrored, buffer: { maxAgeMs: 1000 } });
    expect(pending.routes).toBe("2k2;1x1k2;");
    world.shard.close();
    const nextOwner = runIn(world, pipelineOver(world, { transformer: mirrored, filter: () => false }));
    await world.clock.run(nextOwner.done);
    expect(numbersIn(world.objects)).toEqual([[0, -1, 1, -2, 3, -4]]);
  });

  it("KC_REPLAY_DIFFERS: it cannot be told which of a record's models was kept", async () => {
    const world = createWorld(poisoned(4, 2));
    const options = { transformer: mirrored, buffer: { maxAgeMs: 1000 } };
    const pending = await dieAfterPrepare(world, { ...options, filter: ({ n }) => n !== 1 });
    expect(pending.routes).toBe("1k2;1k1x1k2;");
    const nextOwner = runIn(world, pipelineOver(world, { ...options, filter: () => false }));
    await expect(world.clock.run(nextOwner.done)).rejects.toMatchObject({ code: "KC_REPLAY_DIFFERS" });
  });

  it("KC_REPLAY_DIFFERS: a record recorded as kept can no longer be transformed", async () => {
    const world = createWorld(poisoned(10, 5));
    await dieAfterPrepare(world);
    const transformer = json<Numbered>().to((model) => {
      if (model.n === 7) throw new TypeError("a new rule");
      return model;
    });
    const error: unknown = await world.clock
      .run(runIn(world, pipelineOver(world, { transformer })).done)
      .catch((thrown: unknown) => thrown);
    expect(hasCode(error, "KC_REPLAY_DIFFERS")).toBe(true);
    expect((error as Error).message).toContain(positionOf(7).sequenceNumber);
    expect((error as Error).cause).toBeInstanceOf(TypeError);
    expect(world.lease.progress.pending).toBeDefined();
    expect(world.objects.objects.size).toBe(0);
  });

  it("KC_REPLAY_DIFFERS: without outcomes, a record that fails now is no dead letter, because it may have landed already", async () => {
    const world = createWorld(recordsOf(10));
    await dieAfterPrepare(world);
    const transformer = json<Numbered>().to((model) => {
      if (model.n === 7) throw new TypeError("a new rule");
      return model;
    });
    await expect(
      world.clock.run(runIn(world, pipelineOver(world, { transformer })).done),
    ).rejects.toMatchObject({
      code: "KC_REPLAY_DIFFERS",
    });
    expect(world.letters.objects.size).toBe(0);
  });

  it("KC_REPLAY_DIFFERS: a record no longer gives the recorded number of outputs", async () => {
    const world = createWorld(poisoned(10, 5));
    await dieAfterPrepare(world);
    const transformer = {
      toModel: (record: KinesisRecord) => {
        const model = json<Numbered>().toModel(record) as Numbered;
        return model.n === 2 ? [model, model] : model;
      },
      fromModel: (model: Numbered) => model,
    };
    const error: unknown = await world.clock
      .run(runIn(world, pipelineOver(world, { transformer })).done)
      .catch((thrown: unknown) => thrown);
    expect(hasCode(error, "KC_REPLAY_DIFFERS")).toBe(true);
    // Said once, and not wrapped in a second error of the same kind.
    expect((error as Error).message).toContain("no longer gives the 1 outputs");
  });

  it("KC_REPLAY_DIFFERS: other records stand in the range than were recorded", async () => {
    const world = createWorld(recordsOf(10));
    const pending = await dieAfterPrepare(world);
    world.lease.restore({ checkpoint: undefined, pending: { ...pending, recordCount: 11 } });
    await expect(world.clock.run(runIn(world, pipelineOver(world)).done)).rejects.toMatchObject({
      code: "KC_REPLAY_DIFFERS",
      message: expect.stringContaining("11 records"),
    });
  });

  it("KC_REPLAY_DIFFERS: the stored outcomes are short, or are no outcomes", async () => {
    for (const routes of ["3k1x", "nonsense"]) {
      const world = createWorld(poisoned(10, 3));
      const pending = await dieAfterPrepare(world);
      world.lease.restore({ checkpoint: undefined, pending: { ...pending, routes } });
      await expect(world.clock.run(runIn(world, pipelineOver(world)).done)).rejects.toMatchObject({
        code: "KC_REPLAY_DIFFERS",
      });
    }
  });
});

describe("records gone by retention", () => {
  it("stop the shard by default, before anything behind the gap is read", async () => {
    const world = createWorld(recordsOf(30));
    world.lease.restore({ checkpoint: positionOf(4), pending: undefined });
    world.shard.trim(12);
    const run = runIn(world, pipelineOver(world));
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_RETENTION_GAP" });
    expect(run.eventsOf("retention-gap")).toMatchObject([{ expected: positionOf(4), found: positionOf(12) }]);
    expect(run.eventsOf("retention-gap")[0]?.found).not.toHaveProperty("data");
    expect(world.lease.writes).toEqual([]);
    expect(world.budget.usedBytes).toBe(0);
  });

  it('are marked in the batch that follows them, and in no other, under "continue"', async () => {
    const world = createWorld(recordsOf(30));
    world.shard.close();
    world.lease.restore({ checkpoint: positionOf(4), pending: undefined });
    world.shard.trim(12);
    await world.clock.run(runIn(world, pipelineOver(world), { onRetentionGap: "continue" }).done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(18, 12));
    expect(world.objects.sorted.map((object) => object.gap)).toEqual([true, false]);
  });

  it("F69 from a prepared batch that is written are not missed: it is committed", async () => {
    const world = createWorld(recordsOf(10));
    world.gate.fail("commit");
    await expect(world.clock.run(runIn(world, pipelineOver(world)).done)).rejects.toThrow("connection reset");
    world.shard.trim(6);
    world.shard.close();
    const nextOwner = runIn(world, pipelineOver(world));
    await world.clock.run(nextOwner.done);
    expect(nextOwner.eventsOf("retention-gap")).toEqual([]);
    expect(world.objects.sorted.map((object) => object.gap)).toEqual([false]);
  });

  it.each([
    ["stop", "KC_RETENTION_GAP"],
    ["continue", "shard-end"],
  ] as const)(
    "F69 from a prepared batch: what remains is written where it was recorded, and then comes the policy (%s)",
    async (onRetentionGap, end) => {
      const world = createWorld(recordsOf(25));
      const pending = await dieAfterPrepare(world);
      world.shard.trim(4);
      world.shard.close();
      const nextOwner = runIn(world, pipelineOver(world), { onRetentionGap });
      const outcome = await world.clock.run(
        nextOwner.done.then(
          ({ type }) => type,
          (error: unknown) => (KinesisConnectorError.isInstance(error) ? error.code : error),
        ),
      );
      expect(outcome).toBe(end);
      expect(nextOwner.eventsOf("retention-gap")).toMatchObject([
        { expected: positionOf(0), found: positionOf(4) },
      ]);
      expect(world.objects.sorted[0]).toMatchObject({ ...(pending.plan as ObjectPlan), gap: true });
      expect(numbersIn(world.objects)[0]).toEqual(numbers(6, 4));
      expect(world.lease.committed[0]).toEqual(positionOf(9));
      // The gap belongs to the inherited batch alone.
      expect(world.objects.sorted.slice(1).every((object) => !object.gap)).toBe(true);
    },
  );

  it("F69 leave each remaining record the way that was recorded for it", async () => {
    const world = createWorld(poisoned(12, 1, 8), { pageRecords: 3 });
    const pending = await dieAfterPrepare(world, { filter: ({ n }) => n !== 4, buffer: { maxRecords: 8 } });
    expect(pending.routes).toBe("1k1x2k1d3k1x2k");
    world.shard.trim(3);
    world.shard.close();
    await world.clock.run(runIn(world, pipelineOver(world), { onRetentionGap: "continue" }).done);
    expect(numbersIn(world.objects)[0]).toEqual([3, 5, 6, 7, 9, 10]);
    expect(world.letters.entries.map(({ output }) => output.sequenceNumber)).toEqual([
      positionOf(8).sequenceNumber,
    ]);
  });

  it("F69 may take a prepared batch as a whole: it is committed empty and reported", async () => {
    const world = createWorld(recordsOf(25));
    await dieAfterPrepare(world);
    world.shard.trim(15);
    world.shard.close();
    const nextOwner = runIn(world, pipelineOver(world), { onRetentionGap: "continue" });
    await world.clock.run(nextOwner.done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(10, 15));
    expect(nextOwner.eventsOf("retention-gap").length).toBeGreaterThanOrEqual(1);
    expect(world.lease.committed[0]).toEqual(positionOf(9));
  });
});

describe("retention that catches up with a replay", () => {
  it("F69 counts the recorded ways from the end again when a gap opens in the middle of the range", async () => {
    const records = recordsOf(10);
    const world = createWorld(records);
    const routes = "2k3d5k";
    // The first reading gets records 0 to 3 and is overtaken: 0 to 6 are gone when it goes on. The second one finds what is left.
    const pages = [
      [{ records: records.slice(0, 4) }, { records: records.slice(7), gap: { expected: positionOf(4) } }],
      [{ records: records.slice(7), gap: { expected: positionOf(0) } }],
    ];
    let readings = 0;
    const source = {
      open: () => {
        const answers = [...(pages[readings] ?? [])];
        readings += 1;
        return {
          next: async () => ({ bytes: 0, records: [], ...answers.shift() }),
          close: async () => undefined,
        };
      },
    };
    const range = await replayRange(
      { ...pipelineOver(world), logger: silentLogger },
      {
        application: "application",
        stream: "stream",
        shardId: "shardId-000000000000",
        source,
        checkpointer: world.lease.take(),
        initialPosition: { type: "trim-horizon" },
        clock: world.clock,
        random: new SeededRandom(1),
        budget: world.budget,
        observe: () => undefined,
        stopSignal: new AbortController().signal,
        abortSignal: new AbortController().signal,
      },
      {
        v: 1,
        batchId: "0".repeat(32),
        first: positionOf(0),
        last: positionOf(9),
        recordCount: 10,
        filtered: 3,
        deadLettered: 0,
        routes,
      },
    );
    expect(readings).toBe(2);
    expect(range.batch.gap).toBe(true);
    expect(range.batch.entries.map(({ output }) => output.n)).toEqual([7, 8, 9]);
  });
});
