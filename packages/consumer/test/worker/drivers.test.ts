import { takeShard } from "@kinesis-connectors/leases";
import { describe, expect, test } from "vitest";
import type { ShardAssignment } from "../../src/worker/worker.js";
import { fakeEngine } from "../support/fake-stream.js";
import { Fleet } from "../support/fleet.js";
import { shardIdOf } from "../support/shards.js";

const S0 = shardIdOf(0);
const F = 10_000;

/** Runs the shard as a driver does that it is assigned to, until `afterMs` have passed; then it dies, or is stopped. */
async function drive(fleet: Fleet, ownerId: string, afterMs: number, end: "dies" | "stops"): Promise<void> {
  const clock = fleet.time.process();
  const dying = new AbortController();
  const stopping = new AbortController();
  const shard = await takeShard({
    table: fleet.leases.connect(),
    application: "orders",
    shardId: S0,
    ownerId,
    initialPosition: { type: "trim-horizon" },
    signal: dying.signal,
    clock,
    random: fleet.random,
  });
  const assignment: ShardAssignment = {
    shardId: S0,
    lease: shard.lease,
    checkpointer: shard.checkpointer,
    initialPosition: shard.initialPosition,
    stopSignal: stopping.signal,
    abortSignal: shard.gone,
    noteReadThrough: () => undefined,
    noteBytes: () => undefined,
  };
  const timings = { idleMs: 1_000, emitMs: () => 200 };
  const run = fakeEngine(fleet.stream, fleet.destination, clock, timings)(assignment);
  run.catch(() => undefined);
  await fleet.time.advance(afterMs);
  if (end === "dies") {
    dying.abort();
    const [ended] = await Promise.allSettled([fleet.time.until(run)]);
    if (ended.status === "fulfilled") throw new Error("the engine of a dead driver came to its end");
    return;
  }
  stopping.abort();
  await fleet.time.until(run);
  await fleet.time.until(shard.release());
}

function expectAllOnce(fleet: Fleet): void {
  expect(fleet.destination.duplicates()).toEqual([]);
  expect(fleet.destination.order).toEqual(fleet.stream.allRecords());
}

describe("an application moves from one driver to another over the same rows", () => {
  test("from a driver that dies with a prepared batch to a worker, which finishes exactly that batch", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 23);
    await drive(fleet, "invocation:1", 300, "dies");
    const pending = fleet.leases.rows.get(S0)?.pending;
    expect(pending?.state).toBeDefined();
    fleet.stream.put(S0, 10);
    const worker = await fleet.started();
    await fleet.time.advance(6 * F);
    expect(worker.heldShardIds()).toEqual([S0]);
    expectAllOnce(fleet);
    await fleet.stopAll();
  });

  test("from a driver that is stopped to a worker, which takes the shard at once", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 23);
    await drive(fleet, "invocation:1", 700, "stops");
    const worker = await fleet.started();
    await fleet.time.advance(F);
    expect(worker.heldShardIds()).toEqual([S0]);
    expectAllOnce(fleet);
    await fleet.stopAll();
  });

  test("from a worker that is paused in the middle of a batch to a driver, and the worker is fenced when it goes on", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 23);
    const worker = await fleet.started({ leases: { failoverTimeMs: F } });
    await fleet.time.advance(2_000);
    fleet.stream.put(S0, 23);
    await fleet.time.advance(1_050);
    worker.clock.pause();
    const before = fleet.leases.rows.get(S0);
    await drive(fleet, "invocation:1", 6_000, "stops");
    expect(before?.pending).toBeDefined();
    worker.clock.resume();
    await fleet.time.advance(6 * F);
    expectAllOnce(fleet);
    // What nobody owns the worker takes again, as any other shard.
    expect(fleet.leases.rows.get(S0)?.counter).toBeGreaterThan(before?.counter ?? 0);
    await fleet.stopAll();
  });

  test("to and fro, several times, with records in between", async () => {
    const fleet = new Fleet(1);
    for (let round = 1; round <= 5; round += 1) {
      fleet.stream.put(S0, 17);
      await drive(fleet, `invocation:${round}`, 150 * round, round % 2 === 0 ? "stops" : "dies");
      const worker = await fleet.started();
      fleet.stream.put(S0, 7);
      await fleet.time.advance(2 * F + 137 * round);
      await fleet.time.until(worker.worker.stop());
    }
    const worker = await fleet.started();
    await fleet.time.advance(6 * F);
    expect(worker.heldShardIds()).toEqual([S0]);
    expectAllOnce(fleet);
    await fleet.stopAll();
  });
});
