import { describe, expect, it } from "vitest";
import {
  type Checkpointer,
  definePipeline,
  type Emitter,
  json,
  KinesisConnectorError,
  type Pipeline,
} from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { type RunOptions, type RunningShard, runShard } from "../support/run-shard.js";
import { createWorld, type Numbered, numbers, runIn, type World } from "../support/world.js";

const LAST_MS = 10_000;

/** Starts the engine as an owner whose lease is held until a moment that only the clock tells. */
function runUntil<Plan, DeadLetterPlan>(
  world: World<Numbered>,
  pipeline: Pipeline<Numbered, Numbered, Plan, DeadLetterPlan>,
  { untilMs, answer, ...options }: { untilMs: number; answer: "at once" | "later" } & Partial<RunOptions>,
): RunningShard {
  const look = (): void => {
    if (world.clock.monotonicNow() >= untilMs)
      throw new KinesisConnectorError("KC_LEASE_LOST", "the lease is overdue");
  };
  const requireHeld = answer === "at once" ? look : () => Promise.resolve().then(look);
  const { clock, budget, shard: source } = world;
  const checkpointer: Checkpointer = { ...world.lease.take(), requireHeld };
  return runShard(pipeline, { clock, budget, source, checkpointer, ...options });
}

describe.each(["at once", "later"] as const)("a lease whose time is up, told %s", (answer) => {
  it("is looked at before each try: what failed before a pause of the process is not sent again after it", async () => {
    const world = createWorld(recordsOf(10));
    let emits = 0;
    const keyed = world.keyed();
    const emitter: typeof keyed = {
      ...keyed,
      emit: (batch, context) => {
        emits += 1;
        return emits === 1 ? Promise.reject(new Error("connection reset")) : keyed.emit(batch, context);
      },
    };
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 10 },
      emitter,
      retry: { baseDelayMs: 2 * LAST_MS, maxDelayMs: 4 * LAST_MS },
    });
    const run = runUntil(world, pipeline, {
      untilMs: LAST_MS,
      answer,
      random: { next: () => 0.999, uuid: () => "" },
    });
    await world.clock.run(run.done.catch(() => undefined));
    await expect(run.done).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(world.clock.monotonicNow()).toBeGreaterThan(LAST_MS);
    expect(emits).toBe(1);
    expect(world.rows.size).toBe(0);
    expect(run.eventsOf("shard-stop")).toMatchObject([{ reason: "lease-lost" }]);
  });

  it.each(["keyed", "planned"] as const)(
    "nothing of the next batch is written, with an emitter that is %s",
    async (kind) => {
      const world = createWorld(recordsOf(5));
      const over = <Plan>(emitter: Emitter<Numbered, Plan>): RunningShard => {
        const pipeline = definePipeline({
          transformer: json<Numbered>(),
          buffer: { maxRecords: 5 },
          emitter,
          deadLetters: world.deadLetters(),
        });
        return runUntil(world, pipeline, { untilMs: LAST_MS, answer });
      };
      const run = kind === "keyed" ? over(world.keyed()) : over(world.planned());
      await world.clock.runUntil(() => world.lease.committed.length === 1);
      await world.clock.advance(2 * LAST_MS);
      world.shard.append(...recordsOf(5, undefined, 5));
      await world.clock.run(run.done.catch(() => undefined));
      await expect(run.done).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
      const written = kind === "keyed" ? [...world.rows.values()] : world.objects.entries;
      expect(written.map(({ output }) => output.n).toSorted((a, b) => a - b)).toEqual(numbers(5));
    },
  );

  it("nothing of an inherited batch is asked for or written", async () => {
    const world = createWorld(recordsOf(5));
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 5 },
      emitter: world.planned(),
    });
    world.gate.fail("emit", new KinesisConnectorError("KC_EMIT_REFUSED", "no rights"));
    const first = runIn(world, pipeline);
    await world.clock.run(first.done.catch(() => undefined));
    expect(world.lease.progress.pending).toBeDefined();
    const asked = world.gate.count("is-written");
    const next = runUntil(world, pipeline, { untilMs: 0, answer });
    await world.clock.run(next.done.catch(() => undefined));
    await expect(next.done).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(world.gate.count("is-written")).toBe(asked);
    expect(world.objects.entries).toEqual([]);
  });
});
