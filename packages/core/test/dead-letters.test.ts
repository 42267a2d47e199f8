import { describe, expect, it } from "vitest";
import {
  type DeadLetter,
  definePipeline,
  hasCode,
  json,
  type KinesisRecord,
  KinesisConnectorError,
  type PipelineOptions,
} from "../src/index.js";
import { keyedEmitter, type ObjectPlan } from "./support/memory-emitters.js";
import { positionOf, recordsOf } from "./support/memory-shard.js";
import {
  createWorld,
  type Numbered,
  numbers,
  numbersIn,
  runIn,
  type World,
  writesOf,
} from "./support/world.js";

const poisoned = (count: number, ...poison: number[]): KinesisRecord[] =>
  recordsOf(count, (index) => (poison.includes(index) ? "{" : `{"n":${index}}`));
const lettersIn = (world: World<Numbered>): string[] =>
  world.letters.entries.map(({ output }) => output.sequenceNumber);
const sequenceNumbers = (...indexes: number[]): string[] =>
  indexes.map((index) => positionOf(index).sequenceNumber);
const plannedPipelineOptions = (
  world: World<Numbered>,
  options: Partial<PipelineOptions<Numbered, Numbered, ObjectPlan, ObjectPlan>> = {},
): PipelineOptions<Numbered, Numbered, ObjectPlan, ObjectPlan> => ({
  transformer: json<Numbered>(),
  buffer: { maxRecords: 10 },
  emitter: world.planned(),
  deadLetters: world.deadLetters(),
  ...options,
});
const plannedPipeline = (
  world: World<Numbered>,
  options: Partial<PipelineOptions<Numbered, Numbered, ObjectPlan, ObjectPlan>> = {},
) => definePipeline<Numbered, Numbered, ObjectPlan, ObjectPlan>(plannedPipelineOptions(world, options));

describe("poison records", () => {
  it("F47 go to the dead letters in stream order, and the rest lands in order", async () => {
    const world = createWorld(poisoned(12, 3, 0, 11));
    world.shard.close();
    const run = runIn(world, plannedPipeline(world));
    await world.clock.run(run.done);
    expect(numbersIn(world.objects).flat()).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10]);
    expect(lettersIn(world)).toEqual(sequenceNumbers(0, 3, 11));
    expect(run.eventsOf("record-dead-letter").map(({ position, code }) => [position, code])).toEqual(
      [0, 3, 11].map((index) => [positionOf(index), "KC_RECORD_POISON"]),
    );
  });

  it("become dead letters that hold all that is needed to deliver them later", async () => {
    const world = createWorld(poisoned(1, 0));
    world.shard.close();
    await world.clock.run(runIn(world, plannedPipeline(world)).done);
    expect(world.letters.entries.map(({ output }) => output)).toEqual([
      {
        stream: "stream",
        shardId: "shardId-000000000000",
        ...positionOf(0),
        partitionKey: "key-0",
        arrivalTime: "2026-01-01T00:00:00.000Z",
        errorCode: "KC_RECORD_POISON",
        errorMessage: "the record's 1 bytes are not a JSON document",
        attempts: 1,
        data: btoa("{"),
      } satisfies DeadLetter,
    ]);
  });

  it("F47 stop the shard where there are no dead letters, after what came before has landed", async () => {
    const world = createWorld(poisoned(12, 7));
    const run = runIn(world, definePipeline({ transformer: json<Numbered>(), emitter: world.planned() }));
    const error: unknown = await world.clock.run(run.done).catch((thrown: unknown) => thrown);
    expect(hasCode(error, "KC_RECORD_POISON")).toBe(true);
    expect((error as Error).message).toContain(positionOf(7).sequenceNumber);
    expect(numbersIn(world.objects)).toEqual([numbers(7)]);
    expect(world.lease.progress).toEqual({ checkpoint: positionOf(6), pending: undefined });
    expect(world.budget.usedBytes).toBe(0);
    expect(world.shard.openReaders).toBe(0);
  });

  it('stop the shard under onPoison: "stop" though dead letters are there', async () => {
    const world = createWorld(poisoned(3, 1));
    const run = runIn(world, plannedPipeline(world, { onPoison: "stop" }));
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_RECORD_POISON" });
    expect(world.letters.objects.size).toBe(0);
    expect(world.lease.progress.checkpoint).toEqual(positionOf(0));
  });

  describe.each(["toModel", "filter", "fromModel"] as const)("K51 what %s throws", (stage) => {
    const failingAt = (index: number, isLate: boolean) => {
      const failIf = (at: string, n: number): Promise<void> | undefined => {
        if (at !== stage || n !== index) return undefined;
        const error = new TypeError("cannot read a property of undefined");
        if (isLate) return Promise.reject(error);
        throw error;
      };
      return {
        transformer: {
          toModel: (record: KinesisRecord) => {
            const model = { n: Number(/\d+/u.exec(new TextDecoder().decode(record.data))?.[0]) };
            return failIf("toModel", model.n)?.then(() => model) ?? model;
          },
          fromModel: (model: Numbered) => failIf("fromModel", model.n)?.then(() => model) ?? model,
        },
        filter: (model: Numbered) => failIf("filter", model.n)?.then(() => true) ?? true,
      };
    };

    it.each([false, true])(
      "stops the shard before its record; no later commit passes over it (late: %s)",
      async (isLate) => {
        const world = createWorld(recordsOf(40));
        world.shard.close();
        const { deadLetters: _, ...stopping } = plannedPipelineOptions(world, failingAt(17, isLate));
        const run = runIn(world, definePipeline<Numbered, Numbered, ObjectPlan>(stopping));
        await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_RECORD_POISON" });
        expect(numbersIn(world.objects).flat()).toEqual(numbers(17));
        expect(world.lease.progress).toEqual({ checkpoint: positionOf(16), pending: undefined });
        // Mended and started again, it goes on with that very record.
        const mended = runIn(world, plannedPipeline(world));
        await world.clock.run(mended.done);
        expect(numbersIn(world.objects).flat()).toEqual(numbers(40));
      },
    );

    it.each([false, true])(
      "sets its record aside alone, where there are dead letters (late: %s)",
      async (isLate) => {
        const world = createWorld(recordsOf(40));
        world.shard.close();
        const run = runIn(world, plannedPipeline(world, failingAt(17, isLate)));
        await world.clock.run(run.done);
        expect(numbersIn(world.objects).flat()).toEqual(numbers(40).filter((n) => n !== 17));
        expect(lettersIn(world)).toEqual(sequenceNumbers(17));
        expect(run.eventsOf("record-dead-letter")).toMatchObject([{ position: positionOf(17) }]);
        expect(world.lease.progress).toEqual({ checkpoint: positionOf(39), pending: undefined });
      },
    );
  });

  it("land within ten seconds though no other record arrives", async () => {
    const world = createWorld(poisoned(2, 0, 1));
    const run = runIn(world, plannedPipeline(world));
    await world.clock.advance(9_999);
    expect(world.letters.objects.size).toBe(0);
    await world.clock.advance(1);
    expect(lettersIn(world)).toEqual(sequenceNumbers(0, 1));
    expect(world.lease.progress.checkpoint).toEqual(positionOf(1));
    run.stop();
    await world.clock.run(run.done);
  });

  it("are records that the reader could not take apart, too", async () => {
    const failure = new KinesisConnectorError("KC_RECORD_POISON", "the aggregate is damaged");
    const [first, second, third] = recordsOf(3);
    const world = createWorld([first!, { ...second!, failure }, third!]);
    world.shard.close();
    await world.clock.run(runIn(world, plannedPipeline(world)).done);
    expect(numbersIn(world.objects).flat()).toEqual([0, 2]);
    expect(world.letters.entries[0]?.output.errorMessage).toBe("the aggregate is damaged");
  });

  it("set a record with several models aside as a whole, whichever of its models fails", async () => {
    const world = createWorld(recordsOf(4));
    world.shard.close();
    const transformer = {
      toModel: ({ data }: KinesisRecord) => {
        const { n } = JSON.parse(new TextDecoder().decode(data)) as Numbered;
        return [{ n }, { n: n * 100 }];
      },
      fromModel: async (model: Numbered) => {
        if (model.n === 200) throw new TypeError("too large");
        return Promise.resolve(model);
      },
    };
    await world.clock.run(runIn(world, plannedPipeline(world, { transformer })).done);
    expect(numbersIn(world.objects).flat()).toEqual([0, 0, 1, 100, 3, 300]);
    expect(lettersIn(world)).toEqual(sequenceNumbers(2));
    expect(world.letters.entries[0]?.output.errorCode).toBe("TypeError");
  });
});

describe("F48 a transformer or filter that never settles", () => {
  const never = () => new Promise<never>(() => undefined);

  it("times out, and its record becomes a dead letter", async () => {
    const world = createWorld(recordsOf(4));
    world.shard.close();
    const filter = (model: Numbered): Promise<boolean> | boolean => (model.n === 2 ? never() : true);
    await world.clock.run(runIn(world, plannedPipeline(world, { filter, transformTimeoutMs: 5000 })).done);
    expect(numbersIn(world.objects).flat()).toEqual([0, 1, 3]);
    expect(world.letters.entries[0]?.output).toMatchObject({ errorCode: "KC_TRANSFORM_TIMEOUT" });
    expect(world.clock.monotonicNow()).toBe(5000);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("times out, and the shard stops before its record where there are no dead letters", async () => {
    const world = createWorld(recordsOf(4));
    const transformer = json<Numbered>().to((model) => (model.n === 2 ? never() : model));
    const run = runIn(world, definePipeline({ transformer, emitter: world.planned() }));
    const error: unknown = await world.clock.run(run.done).catch((thrown: unknown) => thrown);
    expect(hasCode((error as Error).cause, "KC_TRANSFORM_TIMEOUT")).toBe(true);
    expect(world.lease.progress.checkpoint).toEqual(positionOf(1));
  });

  it("answers too late without reaching another record, or a rejection without being unhandled", async () => {
    const world = createWorld(recordsOf(6));
    const transformer = json<Numbered>().to((model) => {
      if (model.n !== 2 && model.n !== 3) return model;
      return new Promise<Numbered>((resolve, reject) => {
        world.clock.setTimer(7000, () => (model.n === 2 ? resolve({ n: 999 }) : reject(new Error("late"))));
      });
    });
    const run = runIn(world, plannedPipeline(world, { transformer, transformTimeoutMs: 5000 }));
    await world.clock.advance(60_000);
    run.stop();
    await world.clock.run(run.done);
    expect(numbersIn(world.objects).flat()).toEqual([0, 1, 4, 5]);
    expect(lettersIn(world)).toEqual(sequenceNumbers(2, 3));
  });
});

describe("dead letters and the order of writes", () => {
  it("are prepared together with the batch's own place, before either is written", async () => {
    const world = createWorld(poisoned(4, 1));
    world.shard.close();
    const letGo = world.gate.hold("emit");
    const run = runIn(world, plannedPipeline(world));
    await world.clock.advance(1000);
    expect(world.lease.progress.pending).toMatchObject({
      recordCount: 4,
      filtered: 0,
      deadLettered: 1,
      routes: "1k1x2k",
      plan: { key: expect.stringContaining("objects/") },
      deadLetterPlan: { key: expect.stringContaining("dead-letters/") },
    });
    letGo();
    await world.clock.run(run.done);
    expect(writesOf(world.lease)).toEqual(["prepare", "commit"]);
  });

  it("are prepared for an emitter without a plan as well, before they are written", async () => {
    const world = createWorld(poisoned(4, 1));
    world.shard.close();
    const preparedAtPut: number[] = [];
    world.letters.onPut = () => preparedAtPut.push(world.lease.prepared.length);
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      emitter: world.keyed(({ output }) => (output.n === 3 ? "dead-letter" : undefined)),
      deadLetters: world.deadLetters(),
    });
    await world.clock.run(runIn(world, pipeline).done);
    // Once for the record that could not be decoded, and amended for the one that the destination refused.
    expect(preparedAtPut).toEqual([2]);
    expect(world.lease.prepared.map((batch) => batch.routes)).toEqual(["1k1x2k", "1k1x1k1x"]);
    expect(world.rows.size).toBe(2);
    expect(lettersIn(world)).toEqual(sequenceNumbers(1, 3));
  });

  it("amend the plan when the destination refuses a record before anything is written", async () => {
    const world = createWorld(recordsOf(6));
    world.shard.close();
    const emitter = world.planned(({ output }) =>
      output.n === 2 || output.n === 5 ? "dead-letter" : undefined,
    );
    await world.clock.run(runIn(world, plannedPipeline(world, { emitter })).done);
    expect(world.lease.prepared.map((batch) => [batch.deadLettered, batch.routes])).toEqual([
      [0, undefined],
      [2, "2k1x2k1x"],
    ]);
    expect(new Set(world.lease.prepared.map((batch) => batch.batchId)).size).toBe(1);
    expect(numbersIn(world.objects)).toEqual([[0, 1, 3, 4]]);
    expect(lettersIn(world)).toEqual(sequenceNumbers(2, 5));
    expect(world.lease.violations).toEqual([]);
  });

  it("take over a whole batch when the destination refuses all of it", async () => {
    const world = createWorld(recordsOf(3));
    world.shard.close();
    const run = runIn(world, plannedPipeline(world, { emitter: world.planned(() => "dead-letter") }));
    await world.clock.run(run.done);
    expect(world.objects.objects.size).toBe(0);
    expect(world.lease.prepared.at(-1)).not.toHaveProperty("plan");
    expect(lettersIn(world)).toEqual(sequenceNumbers(0, 1, 2));
    expect(run.eventsOf("checkpoint-commit")).toMatchObject([{ read: 3, emitted: 0, deadLettered: 3 }]);
  });

  it("that their own destination refuses stop the shard; the checkpoint stays before them", async () => {
    const world = createWorld(poisoned(3, 1));
    world.shard.close();
    const refusing = { ...world.deadLetters() };
    const run = runIn(
      world,
      plannedPipeline(world, {
        deadLetters: {
          ...refusing,
          emit: (batch) =>
            Promise.resolve({
              failed: batch.entries.map((entry) => ({
                entry,
                action: "dead-letter" as const,
                error: new Error("no"),
              })),
            }),
        },
      }),
    );
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_EMIT_FAILED" });
    expect(world.lease.progress.checkpoint).toBeUndefined();
    expect(world.lease.progress.pending).toBeDefined();
  });

  it("without a plan of their own are written again by the next owner, and never taken for written", async () => {
    const world = createWorld(poisoned(4, 1, 2));
    world.shard.close();
    const rows = new Map();
    const pipeline = () =>
      definePipeline<Numbered, Numbered, ObjectPlan>({
        transformer: json<Numbered>(),
        emitter: world.planned(),
        deadLetters: keyedEmitter<DeadLetter>(rows, { gate: world.gate.pass, operation: "dead-letter-emit" }),
      });
    const first = runIn(world, pipeline());
    const letGo = world.gate.hold("dead-letter-emit");
    await world.clock.advance(1000);
    expect(world.objects.objects.size).toBe(1);
    first.abort(new Error("killed"));
    const second = runIn(world, pipeline());
    letGo();
    await expect(world.clock.run(first.done)).rejects.toThrow("killed");
    await world.clock.run(second.done);
    expect(world.gate.count("dead-letter-emit")).toBe(2);
    expect(rows.size).toBe(2);
    expect(world.lease.progress.checkpoint).toEqual(positionOf(3));
    expect(world.lease.progress.pending).toBeUndefined();
  });
});
