import { describe, expect, it } from "vitest";
import {
  type Checkpointer,
  definePipeline,
  hasCode,
  json,
  KinesisConnectorError,
  type ShardSource,
} from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, type Numbered, pipelineOver, runIn, writesOf } from "../support/world.js";

describe("lost lease", () => {
  const lost = new KinesisConnectorError("KC_LEASE_LOST", "the shard belongs to another worker");

  it.each(["prepare", "emit", "commit"] as const)("during %s: nothing more is written", async (operation) => {
    const world = createWorld(recordsOf(30));
    const letGo = world.gate.hold(operation);
    const run = runIn(world, pipelineOver(world));
    await world.clock.advance(10);
    expect(world.gate.count(operation)).toBe(1);
    const nextOwners = world.lease.take();
    run.abort(lost);
    letGo();
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(run.events.at(-1)).toMatchObject({ type: "shard-stop", reason: "lease-lost" });
    const wrote = { prepare: [], emit: ["prepare"], commit: ["prepare"] }[operation];
    expect(writesOf(world.lease)).toEqual(wrote);
    expect(world.gate.count("emit")).toBe(operation === "prepare" ? 0 : 1);
    expect(world.gate.count("commit")).toBe(operation === "commit" ? 1 : 0);
    expect(world.budget.usedBytes).toBe(0);
    expect((await nextOwners.load()).checkpoint).toBeUndefined();
  });

  it("that the lease row reports stops the shard by itself", async () => {
    const world = createWorld(recordsOf(30));
    const run = runIn(world, pipelineOver(world));
    world.lease.take();
    const error: unknown = await world.clock.run(run.done).catch((thrown: unknown) => thrown);
    expect(hasCode(error, "KC_LEASE_LOST")).toBe(true);
    expect(world.objects.objects.size).toBe(0);
  });

  it("while the row is being loaded ends at once, without waiting for a page", async () => {
    const world = createWorld([], { idleMs: 3_600_000 });
    const checkpointer: Checkpointer = {
      ...world.lease.take(),
      load: async () => {
        await world.gate.pass("load", "before");
        return world.lease.progress;
      },
    };
    const letGo = world.gate.hold("load");
    const run = runIn(world, pipelineOver(world), { checkpointer });
    await world.clock.settle();
    run.abort(lost);
    letGo();
    await expect(world.clock.run(run.done, 0)).rejects.toBe(lost);
    expect(world.shard.opened).toEqual([]);
  });

  it("while a transformer is waited for ends at once", async () => {
    const world = createWorld(recordsOf(5));
    const transformer = json<Numbered>().to(() => new Promise<Numbered>(() => undefined));
    const run = runIn(world, definePipeline({ transformer, emitter: world.planned() }));
    await world.clock.settle();
    run.abort(lost);
    await expect(world.clock.run(run.done, 0)).rejects.toBe(lost);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("while a back-off is waited for ends at once", async () => {
    const world = createWorld(recordsOf(10));
    world.gate.fail("emit", new Error("SlowDown"), 1000);
    const run = runIn(world, pipelineOver(world));
    await world.clock.advance(60_000);
    run.abort(lost);
    await expect(world.clock.run(run.done, 0)).rejects.toBe(lost);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("ends the reading at once, however long the batch in flight waits for its commit", async () => {
    const world = createWorld(recordsOf(10), { pageRecords: 5 });
    const aborting = new AbortController();
    const answer = world.gate.hold("commit");
    let reading: AbortSignal | undefined;
    // Its third read goes on until it is told to stop, as that of a stream that is throttled does.
    const source: ShardSource = {
      open: (start) => {
        const reader = world.shard.open(start);
        let reads = 0;
        return {
          ...reader,
          next: async (signal) => {
            reads += 1;
            if (reads < 3) return await reader.next(signal);
            reading = signal;
            await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
            return { records: [], bytes: 0 };
          },
        };
      },
    };
    // The first batch waits for its commit, and the second one for the first.
    const run = runIn(world, pipelineOver(world, { maxRecords: 5 }), {
      abortSignal: aborting.signal,
      source,
    });
    await world.clock.advance(10);
    expect(reading?.aborted).toBe(false);
    aborting.abort(lost);
    await world.clock.advance(10);
    expect(reading?.aborted).toBe(true);
    answer();
    await expect(world.clock.run(run.done)).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
  });
});
