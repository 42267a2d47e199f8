import { describe, expect, test } from "vitest";

import { compare, createWorld } from "./support/world.js";

const STORM = { withinMs: 150, cutAnew: 0.5, killed: 0.2, frozen: 0.2, replyLost: 0.1, coldStart: 0.2 };

describe("a function on an event source", () => {
  test("delivers every record once, when nothing happens", async () => {
    const world = createWorld();
    world.putSome(500);
    await world.run();
    expect(compare(world)).toEqual({ lost: [], duplicated: [] });
    expect(world.source.counts).toMatchObject({ failed: 0, partial: 0 });
    expect(world.reads.count).toBe(0);
  });

  test("delivers every record once over 200 seeds of kills, frozen sandboxes that go on, lost answers, and batches cut anew", async () => {
    const sums = { invocations: 0, failed: 0, frozen: 0, killed: 0, partial: 0, reads: 0, records: 0 };
    for (let seed = 1; seed <= 200; seed += 1) {
      const world = createWorld({
        seed,
        refusals: seed % 4 === 1 ? 0.2 : 0,
        source: {
          faults: STORM,
          batchSize: 1 + (seed % 30),
          bisectBatchOnFunctionError: seed % 2 === 0,
          // A quarter of a second until the handler lets go by itself.
          timeoutMs: seed % 4 === 2 ? 1_250 : 60_000,
        },
      });
      world.putSome(20);
      if (seed % 3 === 0) world.stream.split(world.stream.openShardIds[0] ?? "");
      world.putSome(20);
      await world.run();
      expect({ seed, ...compare(world) }).toEqual({ seed, lost: [], duplicated: [] });
      for (const row of world.leases.rows.values()) expect(row.pending).toBeUndefined();
      const { invocations, failed, frozen, killed, partial } = world.source.counts;
      sums.invocations += invocations;
      sums.failed += failed;
      sums.frozen += frozen;
      sums.killed += killed;
      sums.partial += partial;
      sums.reads += world.reads.count;
      sums.records += world.stream.put.length;
    }
    // What happened is what the test is about.
    expect(sums.killed).toBeGreaterThan(200);
    expect(sums.frozen).toBeGreaterThan(200);
    expect(sums.partial).toBeGreaterThan(20);
    expect(sums.reads).toBeGreaterThan(50);
  });
});
