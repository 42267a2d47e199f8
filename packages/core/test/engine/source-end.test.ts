import { describe, expect, it } from "vitest";
import { comparePositions, type KinesisRecord, type RecordPage, type ShardSource } from "../../src/index.js";
import { positionOf, recordsOf } from "../support/memory-shard.js";
import { createWorld, numbers, numbersIn, pipelineOver, runIn, writesOf } from "../support/world.js";

/** Serves what lies behind its beginning as one page that says that nothing comes after it. */
function onePage(given: readonly KinesisRecord[], more: Partial<RecordPage> = {}): ShardSource {
  return {
    open: (start) => ({
      next: () => {
        const records = given.filter(
          (record) => start.type !== "after" || comparePositions(record, start.position) > 0,
        );
        return Promise.resolve({ records, bytes: 100, end: true, ...more });
      },
      close: () => Promise.resolve(),
    }),
  };
}

describe("a source that comes to its end although the shard goes on", () => {
  it("has all that was read flushed and committed, and the engine ends without a shard end", async () => {
    const world = createWorld();
    const run = runIn(world, pipelineOver(world), { source: onePage(recordsOf(23)) });
    expect(await world.clock.run(run.done)).toEqual({ type: "ended" });
    expect(numbersIn(world.objects).flat()).toEqual(numbers(23));
    expect(world.lease.progress).toEqual({ checkpoint: positionOf(22), pending: undefined });
    expect(run.eventsOf("buffer-flush").map(({ reason }) => reason)).toEqual(["records", "records", "end"]);
    expect(run.eventsOf("shard-end")).toEqual([]);
    expect(run.eventsOf("shard-stop")).toMatchObject([{ reason: "end" }]);
    expect(world.budget.usedBytes).toBe(0);
  });

  it("waits for the last batch before it says so", async () => {
    const world = createWorld();
    const letGo = world.gate.hold("emit");
    const run = runIn(world, pipelineOver(world), { source: onePage(recordsOf(3)) });
    let isDone = false;
    void run.done.then(() => {
      isDone = true;
    });
    await world.clock.advance(60_000);
    expect([isDone, writesOf(world.lease)]).toEqual([false, ["prepare"]]);
    letGo();
    await world.clock.run(run.done);
    expect(writesOf(world.lease)).toEqual(["prepare", "commit"]);
  });

  it("may be empty: nothing is written", async () => {
    const world = createWorld();
    const run = runIn(world, pipelineOver(world), { source: onePage([]) });
    expect(await world.clock.run(run.done)).toEqual({ type: "ended" });
    expect(writesOf(world.lease)).toEqual([]);
  });

  it("is the end of the shard when it says that too", async () => {
    const world = createWorld();
    const source = onePage(recordsOf(2), { shardEnd: { childShards: [] } });
    const run = runIn(world, pipelineOver(world), { source });
    expect(await world.clock.run(run.done)).toEqual({ type: "shard-end", childShards: [] });
  });

  it("does not end a shard that was told to stop meanwhile", async () => {
    const world = createWorld();
    const letGo = world.gate.hold("emit");
    const run = runIn(world, pipelineOver(world), { source: onePage(recordsOf(23)) });
    await world.clock.advance(1);
    run.stop();
    letGo();
    expect(await world.clock.run(run.done)).toEqual({ type: "stopped" });
  });

  it("is asked for the records of a prepared batch, and one that has not all of them cannot make it again", async () => {
    const world = createWorld();
    const letGo = world.gate.hold("emit");
    const first = runIn(world, pipelineOver(world), { source: onePage(recordsOf(8)) });
    await world.clock.runUntil(() => world.lease.progress.pending !== undefined);
    first.abort(new Error("killed"));
    letGo(new Error("connection reset"));
    await expect(world.clock.run(first.done)).rejects.toThrow("killed");
    const short = runIn(world, pipelineOver(world), { source: onePage(recordsOf(5)) });
    await expect(world.clock.run(short.done)).rejects.toMatchObject({ code: "KC_REPLAY_DIFFERS" });
    const whole = runIn(world, pipelineOver(world), { source: onePage(recordsOf(8)) });
    expect(await world.clock.run(whole.done)).toEqual({ type: "ended" });
    expect([...new Set(numbersIn(world.objects).flat())]).toEqual(numbers(8));
  });
});
