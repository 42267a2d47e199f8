import type { LeaseTable } from "@kinesis-connectors/leases";
import { memoryLeases } from "@kinesis-connectors/leases";
import { describe, expect, test } from "vitest";

import { compare, createWorld, type WorldOptions } from "./support/world.js";

const STORM = { cutAnew: 0.5, killed: 0.2, frozen: 0.2, replyLost: 0.1, coldStart: 0.2 };

/** Records lost and duplicated over some seeds. */
async function run(options: (seed: number) => WorldOptions): Promise<{ lost: number; duplicated: number }> {
  const sums = { lost: 0, duplicated: 0 };
  for (let seed = 1; seed <= 5; seed += 1) {
    const world = createWorld({ seed, ...options(seed) });
    world.putSome(100);
    await world.run();
    const { lost, duplicated } = compare(world);
    sums.lost += lost.length;
    sums.duplicated += duplicated.length;
  }
  return sums;
}

describe("what it would be without", () => {
  test("a row that outlives the invocation: names by range alone land records twice, because batches are cut anew", async () => {
    const { duplicated, lost } = await run(() => ({
      source: { faults: STORM },
      // Each look finds an empty table, as if nobody remembered anything.
      tableOf: () => memoryLeases().connect(),
    }));
    expect(lost).toBe(0);
    expect(duplicated).toBeGreaterThan(0);
  });

  test("a ParallelizationFactor of 1: batches that overtake each other look like repeated ones, and are lost", async () => {
    const { lost } = await run(() => ({
      source: { parallelizationFactor: 2 },
      // The statement that it is 1, which is not true.
      handled: { parallelizationFactor: 1, reportBatchItemFailures: true },
    }));
    expect(lost).toBeGreaterThan(0);
  });

  test("fencing: an invocation that was given up and goes on writes what nobody remembers", async () => {
    // Each write is applied, whoever owns the row.
    const unfenced = (table: LeaseTable): LeaseTable => ({
      ...table,
      update: async (seen, change) => {
        const row = await table.get(seen.leaseKey);
        return await table.update(row ?? seen, change);
      },
    });
    const { duplicated, lost } = await run(() => ({ source: { faults: STORM }, tableOf: unfenced }));
    expect(lost + duplicated).toBeGreaterThan(0);
  });

  test("ReportBatchItemFailures: answers that nobody reads count as success", async () => {
    const { lost } = await run(() => ({
      refusals: 0.2,
      source: { faults: STORM, reportBatchItemFailures: false },
      handled: { parallelizationFactor: 1, reportBatchItemFailures: true },
    }));
    expect(lost).toBeGreaterThan(0);
  });

  test("and with it looked at, a failure is thrown instead, and nothing is lost", async () => {
    const sums = await run(() => ({
      refusals: 0.2,
      source: { faults: STORM, reportBatchItemFailures: false },
    }));
    expect(sums).toEqual({ lost: 0, duplicated: 0 });
  });
});
