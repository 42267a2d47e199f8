import { describe, expect, it } from "vitest";
import {
  notifying,
  definePipeline,
  type Emitter,
  type FailedEntry,
  json,
  type PipelineOptions,
} from "../src/index.js";
import type { ObjectPlan } from "./support/memory-emitters.js";
import { positionOf, recordsOf } from "./support/memory-shard.js";
import { createWorld, type Numbered, runIn, type World, writesOf } from "./support/world.js";

/** Takes notifications, and checks at each that the object it names is there and its batch not committed. */
class Notified {
  readonly keys: string[] = [];
  readonly tooEarly: string[] = [];
  readonly shards = new Set<string>();
  readonly #world: World<Numbered>;
  /** What the next calls come to instead; `lost` is a lost reply. */
  readonly faults: ("lost" | Error | FailedEntry<string>["action"])[] = [];
  closed = 0;
  opened = 0;

  constructor(world: World<Numbered>) {
    this.#world = world;
  }

  readonly emitter: Emitter<string> = {
    capabilities: { duplicates: "possible", ordering: "partition-key" },
    emit: (batch) => {
      const fault = this.faults.shift();
      if (fault instanceof Error) return Promise.reject(fault);
      if (fault === "retry" || fault === "dead-letter") {
        const error = new Error(fault);
        return Promise.resolve({ failed: batch.entries.map((entry) => ({ entry, action: fault, error })) });
      }
      for (const { output, record } of batch.entries) {
        if (!this.#world.objects.objects.has(output)) this.tooEarly.push(output);
        this.keys.push(output);
        this.shards.add(record.partitionKey);
      }
      return fault === "lost" ? Promise.reject(new Error("socket hang up")) : Promise.resolve({ failed: [] });
    },
    open: () => {
      this.opened += 1;
      return Promise.resolve();
    },
    close: () => {
      this.closed += 1;
      return Promise.resolve();
    },
  };
}

function notifyingPipeline(
  world: World<Numbered>,
  notified: Notified,
  options: Partial<PipelineOptions<Numbered, Numbered, ObjectPlan, ObjectPlan>> = {},
) {
  return definePipeline<Numbered, Numbered, ObjectPlan, ObjectPlan>({
    transformer: json<Numbered>(),
    buffer: { maxRecords: 10 },
    emitter: notifying({
      emitter: world.planned(),
      notifications: ({ key }) => [key],
      to: notified.emitter,
    }),
    ...options,
  });
}

const keysOf = (world: World<Numbered>): string[] => world.objects.sorted.map(({ key }) => key);

describe("an emitter that notifies of what it has written", () => {
  it("notifies each object once when nothing goes wrong, in the order of the shard", async () => {
    const world = createWorld(recordsOf(35));
    world.shard.close();
    const notified = new Notified(world);
    await world.clock.run(runIn(world, notifyingPipeline(world, notified)).done);
    expect(notified.keys).toEqual(keysOf(world));
    expect(notified.keys).toHaveLength(4);
    expect(notified.shards.size).toBe(1);
    expect(notified.tooEarly).toEqual([]);
  });

  it("notifies nothing that is not there: a failed write is notified when it has come through", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const notified = new Notified(world);
    world.gate.fail("emit", new Error("SlowDown"), 3);
    world.gate.loseReply("emit");
    await world.clock.run(runIn(world, notifyingPipeline(world, notified)).done);
    expect(notified.keys).toEqual(keysOf(world));
    expect(notified.tooEarly).toEqual([]);
  });

  it.each([
    ["refused for now", "retry"],
    ["of unknown outcome", new Error("timeout")],
    ["applied with its reply lost", "lost"],
  ] as const)("commits only after a notification %s has been repeated", async (_name, fault) => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const notified = new Notified(world);
    notified.faults.push(fault, fault, fault);
    const run = runIn(world, notifyingPipeline(world, notified));
    await world.clock.run(run.done);
    expect([...new Set(notified.keys)]).toEqual(keysOf(world));
    expect(run.eventsOf("emit-retry")).toHaveLength(3);
    expect(world.objects.objects.size).toBe(1);
    expect(world.lease.progress.checkpoint).toEqual(positionOf(9));
  });

  it("stops before the commit when a notification will never be taken", async () => {
    const world = createWorld(recordsOf(10));
    const notified = new Notified(world);
    notified.faults.push("dead-letter");
    const run = runIn(world, notifyingPipeline(world, notified));
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(writesOf(world.lease)).toEqual(["prepare"]);
  });

  it("a next owner that finds the object written notifies of it before it commits, without reading it again", async () => {
    const world = createWorld(recordsOf(10));
    const dying = new Notified(world);
    const killed = runIn(world, notifyingPipeline(world, dying));
    dying.faults.push(...Array.from({ length: 50 }, () => new Error("connection reset")));
    await world.clock.runUntil(() => world.objects.objects.size === 1);
    killed.abort(new Error("killed"));
    await expect(world.clock.run(killed.done)).rejects.toThrow("killed");
    expect(dying.keys).toEqual([]);

    world.shard.close();
    const notified = new Notified(world);
    notified.faults.push(new Error("timeout"));
    const written = world.shard.handedOver.length;
    await world.clock.run(runIn(world, notifyingPipeline(world, notified)).done);
    expect(notified.keys).toEqual(keysOf(world));
    expect(world.shard.handedOver).toHaveLength(written);
    expect(writesOf(world.lease)).toEqual(["prepare", "commit"]);
  });

  it("a next owner that finds nothing written writes and notifies", async () => {
    const world = createWorld(recordsOf(10));
    const letGo = world.gate.hold("emit");
    const dying = new Notified(world);
    const killed = runIn(world, notifyingPipeline(world, dying));
    await world.clock.runUntil(() => world.lease.progress.pending !== undefined);
    killed.abort(new Error("killed"));
    letGo(new Error("connection reset"));
    await expect(world.clock.run(killed.done)).rejects.toThrow("killed");

    world.shard.close();
    const notified = new Notified(world);
    await world.clock.run(runIn(world, notifyingPipeline(world, notified)).done);
    expect([dying.keys, notified.keys]).toEqual([[], keysOf(world)]);
    expect(notified.tooEarly).toEqual([]);
  });

  it("notifies the object that is written when dead letters have changed the plan", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const notified = new Notified(world);
    const emitter = notifying({
      emitter: world.planned(({ output }) => (output.n === 4 ? "dead-letter" : undefined)),
      notifications: ({ key }) => [key],
      to: notified.emitter,
    });
    const pipeline = notifyingPipeline(world, notified, { emitter, deadLetters: world.deadLetters() });
    await world.clock.run(runIn(world, pipeline).done);
    expect(notified.keys).toEqual(keysOf(world));
    expect(world.letters.entries).toHaveLength(1);
    expect(notified.tooEarly).toEqual([]);
  });

  it("opens and closes both, and keeps the capabilities of the first", async () => {
    const world = createWorld();
    const notified = new Notified(world);
    const first = world.planned();
    const emitter = notifying({ emitter: first, notifications: () => [], to: notified.emitter });
    await emitter.open?.({ signal: new AbortController().signal, logger: console });
    await emitter.close?.();
    expect([notified.opened, notified.closed]).toEqual([1, 1]);
  });

  it("closes the second although the first hangs", async () => {
    const world = createWorld();
    const notified = new Notified(world);
    const first = { ...world.planned(), close: () => new Promise<void>(() => undefined) };
    const emitter = notifying({ emitter: first, notifications: () => [], to: notified.emitter });
    void emitter.close?.();
    await Promise.resolve();
    expect(notified.closed).toBe(1);
    expect(emitter.capabilities).toEqual(first.capabilities);
  });

  it("refuses an emitter without a plan by name", () => {
    const world = createWorld();
    const { emitter } = new Notified(world);
    expect(() => notifying({ emitter: world.keyed(), notifications: () => ["a"], to: emitter })).toThrow(
      expect.objectContaining({ code: "KC_OPTION_INVALID" }),
    );
  });
});
