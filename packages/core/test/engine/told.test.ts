import { describe, expect, it } from "vitest";
import { definePipeline, type Emitter, json, type ShardSource, sleep } from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import type { RunningShard } from "../support/run-shard.js";
import { createWorld, type Numbered, runIn, type World } from "../support/world.js";

const ARRIVED_MS = Date.UTC(2026, 0, 1);

/** The shard of a world, where each page but the first takes a second and says that its call took a tenth of that. */
function slowly({ shard, clock }: World<Numbered>): ShardSource {
  return {
    open: (start) => {
      const reader = shard.open(start);
      let pages = 0;
      return {
        close: () => reader.close(),
        next: async (signal) => {
          const page = await reader.next(signal);
          pages += 1;
          if (pages === 1) return page;
          await sleep(clock, 1_000, signal);
          return pages === 2 ? page : { ...page, durationMs: 100 };
        },
      };
    },
  };
}

describe("what the engine tells", () => {
  it("of a page: how long the call took where the reader says so, else the reading, and what the buffer holds after it", async () => {
    const world = createWorld(recordsOf(4));
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      filter: ({ n }) => n % 2 === 0,
      buffer: { maxRecords: 3, maxAgeMs: 3_600_000 },
      emitter: world.keyed(),
    });
    const run = runIn(world, pipeline, { source: slowly(world) });
    await world.clock.runUntil(() => run.eventsOf("page-read").length === 1);
    world.shard.append(...recordsOf(4, undefined, 4));
    await world.clock.runUntil(() => run.eventsOf("page-read").length === 2);
    world.shard.close();
    await world.clock.run(run.done);
    const [first, second, third] = run.eventsOf("page-read");
    expect(first).toMatchObject({ records: 4, durationMs: 0, bufferedRecords: 2 });
    expect(first?.bufferedBytes).toBeGreaterThanOrEqual(2 * '{"n":0}'.length);
    // The third one that was kept went on its way, and one is left.
    expect(second).toMatchObject({ records: 4, durationMs: 1_000, bufferedRecords: 1 });
    expect(third).toMatchObject({ durationMs: 100 });
  });

  it.each(["at once", "later"])(
    "of the part of a page before a record that stops the shard, found poison %s: what is committed was read",
    async (when) => {
      const world = createWorld(recordsOf(10, (index) => (index === 6 ? "{" : `{"n":${index}}`)));
      const pipeline = definePipeline({
        transformer: json<Numbered>(),
        filter: ({ n }) => (when === "later" ? Promise.resolve(n !== 2) : n !== 2),
        buffer: { maxRecords: 4 },
        emitter: world.keyed(),
      });
      const run = runIn(world, pipeline);
      await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_RECORD_POISON" });
      const commits = run.eventsOf("checkpoint-commit");
      expect(commits.reduce((sum, { emitted, filtered }) => sum + emitted + filtered, 0)).toBe(6);
      expect(run.eventsOf("page-read")).toMatchObject([{ records: 6 }]);
    },
  );

  it("of a commit: the bytes that were sent for it, and when its first record arrived", async () => {
    const world = createWorld(recordsOf(7));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      filter: ({ n }) => n > 0,
      buffer: { maxRecords: 3 },
      emitter: { ...world.keyed(), sizeOf: () => 100 },
    });
    const run = runIn(world, pipeline);
    await world.clock.run(run.done);
    expect(run.eventsOf("checkpoint-commit")).toMatchObject([
      { read: 4, emitted: 3, bytes: 300, oldestArrivalMs: ARRIVED_MS },
      { read: 3, emitted: 3, bytes: 300, oldestArrivalMs: ARRIVED_MS + 4 },
    ]);
    expect(run.eventsOf("batch-emit")).toMatchObject([
      { records: 3, outputs: 3 },
      { records: 3, outputs: 3 },
    ]);
  });

  it("of a range of which nothing goes anywhere: no bytes, and when it arrived all the same", async () => {
    const world = createWorld(recordsOf(3));
    world.shard.close();
    const emitter = world.keyed();
    const pipeline = definePipeline({ transformer: json<Numbered>(), filter: () => false, emitter });
    const run = runIn(world, pipeline);
    await world.clock.run(run.done);
    expect(run.eventsOf("checkpoint-commit")).toMatchObject([
      { read: 3, emitted: 0, filtered: 3, bytes: 0, oldestArrivalMs: ARRIVED_MS },
    ]);
  });

  it.each(["keyed", "planned"] as const)(
    "of a batch with refused outputs, by an emitter that is %s: what the destination took, apart from what it was given",
    async (kind) => {
      const world = createWorld(recordsOf(5));
      world.shard.close();
      const refuses = ({ output: { n } }: { readonly output: Numbered }) =>
        n < 2 ? "dead-letter" : undefined;
      const sizeOf = (): number => 100;
      const over = <Plan>(emitter: Emitter<Numbered, Plan>): RunningShard => {
        const pipeline = definePipeline({
          transformer: json<Numbered>(),
          buffer: { maxRecords: 5 },
          emitter,
          deadLetters: world.deadLetters(),
        });
        return runIn(world, pipeline);
      };
      const run =
        kind === "keyed"
          ? over({ ...world.keyed(refuses), sizeOf })
          : over({ ...world.planned(refuses), sizeOf });
      await world.clock.run(run.done);
      expect(run.eventsOf("batch-emit")).toMatchObject([{ records: 5, outputs: 3 }]);
      expect(run.eventsOf("checkpoint-commit")).toMatchObject([{ emitted: 3, deadLettered: 2, bytes: 300 }]);
    },
  );

  it("of a batch that an earlier owner had written: nothing was sent by this one", async () => {
    const world = createWorld(recordsOf(3));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 3 },
      emitter: world.planned(),
    });
    world.gate.fail("commit", new Error("the process died"));
    await world.clock.run(runIn(world, pipeline).done.catch(() => undefined));
    const run = runIn(world, pipeline);
    await world.clock.run(run.done);
    expect(run.eventsOf("checkpoint-commit")[0]).toMatchObject({
      emitted: 3,
      bytes: 0,
      oldestArrivalMs: undefined,
    });
  });
});
