import { getEventListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { definePipeline, json, KinesisConnectorError } from "../../src/index.js";
import { positionOf, recordsOf } from "../support/memory-shard.js";
import {
  createWorld,
  type Numbered,
  numbers,
  numbersIn,
  pipelineOver,
  runIn,
  writesOf,
} from "../support/world.js";

describe("stop", () => {
  it("many requests under way at once listen to the shard's signal without a warning of Node", async () => {
    const world = createWorld(recordsOf(5));
    const aborting = new AbortController();
    const warnings: string[] = [];
    const note = (warning: Error): number => warnings.push(warning.name);
    process.on("warning", note);
    const run = runIn(world, pipelineOver(world), { abortSignal: aborting.signal });
    await world.clock.advance(10);
    for (let request = 0; request < 30; request += 1)
      aborting.signal.addEventListener("abort", () => undefined);
    await setImmediate();
    process.off("warning", note);
    expect(warnings).toEqual([]);
    run.stop();
    await world.clock.run(run.done);
  });

  it("F42 ends the reading, flushes, emits and commits", async () => {
    const world = createWorld(recordsOf(25));
    const run = runIn(world, pipelineOver(world, { maxRecords: 1000 }));
    await world.clock.advance(10);
    run.stop();
    expect(await world.clock.run(run.done)).toEqual({ type: "stopped" });
    expect(numbersIn(world.objects)).toEqual([numbers(25)]);
    expect(world.lease.progress).toEqual({ checkpoint: positionOf(24), pending: undefined });
    expect(run.eventsOf("buffer-flush").map((event) => event.reason)).toEqual(["stop"]);
    expect(run.events.at(-1)).toMatchObject({ type: "shard-stop", reason: "stop" });
    expect(world.shard.openReaders).toBe(0);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("in the midst of a page counts what was taken in of it as read, no more and no less", async () => {
    const world = createWorld(recordsOf(100), { pageRecords: 100 });
    let run: ReturnType<typeof runIn> | undefined;
    const emitter = world.planned();
    run = runIn(
      world,
      definePipeline({
        transformer: json<Numbered>(),
        buffer: { maxRecords: 10 },
        emitter: {
          ...emitter,
          emit: (batch, context) => {
            // The page is being scanned: its next batch waits for this one.
            if (batch.first.sequenceNumber !== positionOf(0).sequenceNumber) run?.stop();
            return emitter.emit(batch, context);
          },
        },
      }),
    );
    await world.clock.run(run.done);
    const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
    const committed = sum(run.eventsOf("checkpoint-commit").map(({ read }) => read));
    expect(committed).toBeGreaterThan(10);
    expect(committed).toBeLessThan(100);
    expect(sum(run.eventsOf("page-read").map(({ records }) => records))).toBe(committed);
  });

  it("leaves nothing on the signals of a worker that outlives the shard, and gathers nothing while it runs", async () => {
    const world = createWorld(recordsOf(3000));
    const stopping = new AbortController();
    const aborting = new AbortController();
    const listeners = (): number[] =>
      [stopping.signal, aborting.signal].map((signal) => getEventListeners(signal, "abort").length);
    const transformer = json<Numbered>().to((model) => Promise.resolve(model));
    world.gate.fail("emit", new Error("SlowDown"), 50);
    const run = runIn(
      world,
      definePipeline({ transformer, buffer: { maxRecords: 10 }, emitter: world.planned() }),
      { stopSignal: stopping.signal, abortSignal: aborting.signal },
    );
    await world.clock.advance(3_600_000);
    expect(world.lease.committed).toHaveLength(300);
    expect(listeners()).toEqual([1, 1]);
    // The idle wait of the reader, and nothing else.
    expect(world.clock.pendingTimers).toBe(1);
    stopping.abort();
    await world.clock.run(run.done);
    expect(listeners()).toEqual([0, 0]);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("F42 in the middle of a page keeps to the record it has come to", async () => {
    const world = createWorld(recordsOf(30), { pageRecords: 30 });
    const transformer = json<Numbered>().to((model) => {
      if (model.n !== 12) return model;
      return new Promise<Numbered>((resolve) => {
        world.clock.setTimer(100, () => resolve(model));
      });
    });
    const run = runIn(world, definePipeline({ transformer, emitter: world.planned() }));
    await world.clock.advance(50);
    run.stop();
    await world.clock.run(run.done);
    expect(numbersIn(world.objects)).toEqual([numbers(13)]);
    expect(world.lease.progress.checkpoint).toEqual(positionOf(12));
    world.shard.close();
    await world.clock.run(runIn(world, pipelineOver(world, { maxRecords: 1000 })).done);
    expect(numbersIn(world.objects)).toEqual([numbers(13), numbers(17, 13)]);
  });

  it("F42 past its deadline is an abort, and leaves the prepared batch to the next owner", async () => {
    const world = createWorld(recordsOf(25));
    const letGo = world.gate.hold("emit");
    const run = runIn(world, pipelineOver(world));
    await world.clock.advance(10);
    run.stop();
    await world.clock.advance(30_000);
    run.abort(new KinesisConnectorError("KC_STOP_DEADLINE", "the stop took longer than 30 s"));
    letGo();
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_STOP_DEADLINE" });
    expect(writesOf(world.lease)).toEqual(["prepare"]);
    expect(world.lease.progress.pending).toMatchObject({ last: positionOf(9) });
    expect(run.events.at(-1)).toMatchObject({ type: "shard-stop", reason: "error" });
    world.shard.close();
    await world.clock.run(runIn(world, pipelineOver(world)).done);
    expect(numbersIn(world.objects).flat()).toEqual(numbers(25));
  });

  it("F45 before the start does nothing at all", async () => {
    const world = createWorld(recordsOf(10));
    const run = runIn(world, pipelineOver(world), { stopSignal: AbortSignal.abort() });
    expect(await world.clock.run(run.done)).toEqual({ type: "stopped" });
    expect(world.gate.count("load")).toBe(0);
    expect(world.shard.opened).toEqual([]);
  });

  it("F45 twice is a stop", async () => {
    const world = createWorld(recordsOf(10));
    const run = runIn(world, pipelineOver(world));
    await world.clock.advance(10);
    run.stop();
    run.stop();
    expect(await world.clock.run(run.done)).toEqual({ type: "stopped" });
  });

  it("F45 while the row is being loaded ends without reading", async () => {
    const world = createWorld(recordsOf(10));
    const letGo = world.gate.hold("load");
    const run = runIn(world, pipelineOver(world));
    await world.clock.settle();
    run.stop();
    letGo();
    expect(await world.clock.run(run.done)).toEqual({ type: "stopped" });
    expect(world.shard.handedOver).toEqual([]);
    expect(world.lease.writes).toEqual([]);
  });

  it("F45 during the recovery of an inherited batch finishes that batch and reads nothing more", async () => {
    const world = createWorld(recordsOf(25));
    const killed = world.gate.hold("emit");
    const first = runIn(world, pipelineOver(world));
    await world.clock.runUntil(() => world.lease.progress.pending !== undefined);
    first.abort(new Error("killed"));
    killed(new Error("connection reset"));
    await expect(world.clock.run(first.done)).rejects.toThrow("killed");
    const letGo = world.gate.hold("emit");
    const nextOwner = runIn(world, pipelineOver(world));
    await world.clock.advance(10);
    nextOwner.stop();
    letGo();
    expect(await world.clock.run(nextOwner.done)).toEqual({ type: "stopped" });
    expect(numbersIn(world.objects)).toEqual([numbers(10)]);
    expect(world.lease.progress).toEqual({ checkpoint: positionOf(9), pending: undefined });
  });

  it("at the end of a shard has the last word when it comes first, and none when it comes later", async () => {
    const world = createWorld(recordsOf(5));
    world.shard.close({ shardId: "child", parentShardIds: [], startingHashKey: "0", endingHashKey: "1" });
    const run = runIn(world, pipelineOver(world));
    expect(await world.clock.run(run.done)).toMatchObject({
      type: "shard-end",
      childShards: [{ shardId: "child" }],
    });
    expect(run.events.at(-1)).toMatchObject({ type: "shard-end", childShardIds: ["child"] });
    expect(run.eventsOf("buffer-flush").map((event) => event.reason)).toEqual(["shard-end"]);
    run.stop();
    expect(world.lease.progress.checkpoint).toEqual(positionOf(4));
  });
});

describe("a failing reader", () => {
  it("lets what was read before it land, then stops the shard with its error", async () => {
    const world = createWorld(recordsOf(5));
    const refused = new KinesisConnectorError("KC_READ_REFUSED", "no rights");
    const run = runIn(world, pipelineOver(world));
    await world.clock.advance(500);
    world.gate.fail("next", refused);
    await expect(world.clock.run(run.done)).rejects.toBe(refused);
    expect(numbersIn(world.objects)).toEqual([numbers(5)]);
    expect(world.lease.progress.checkpoint).toEqual(positionOf(4));
  });

  it("that cannot be closed does not undo what was delivered", async () => {
    const world = createWorld(recordsOf(5));
    world.shard.close();
    const warnings: object[] = [];
    const nothing = () => undefined;
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      emitter: world.planned(),
      logger: { debug: nothing, info: nothing, error: nothing, warn: (fields) => warnings.push(fields) },
    });
    const source = {
      open: (start: Parameters<typeof world.shard.open>[0]) => ({
        ...world.shard.open(start),
        close: () => Promise.reject(new TypeError("already closed")),
      }),
    };
    const run = runIn(world, pipeline, { source });
    expect((await world.clock.run(run.done)).type).toBe("shard-end");
    expect(warnings).toEqual([{ stream: "stream", shardId: "shardId-000000000000", error: "TypeError" }]);
  });
});
