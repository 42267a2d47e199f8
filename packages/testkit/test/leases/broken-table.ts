import {
  changed,
  type Intercept,
  type Lease,
  type LeaseTable,
  type MemoryLeases,
  type WriteOutcome,
} from "@kinesis-connectors/leases";
import { describeLeaseTable, type LeaseTableContract } from "@kinesis-connectors/testkit/leases";
import { describe, expect, it } from "vitest";
import { collectTests } from "../support/collected-tests.js";
import { type MakeTable, memoryContract, type MemorySetup } from "./memory-contract.js";

/** The table in memory with some functions of another kind, which may call the sound ones. */
export const withFunctions =
  (
    change: (sound: LeaseTable, leases: MemoryLeases, intercept: Intercept) => Partial<LeaseTable>,
  ): MakeTable =>
  (leases, intercept) => {
    const sound = leases.connect(intercept);
    return { ...sound, ...change(sound, leases, intercept) };
  };

/** A table that spoils each row that a change leaves behind. */
export const spoiling = (spoil: (row: Lease, before: Lease | undefined) => Lease): MakeTable =>
  withFunctions((sound, { rows }) => ({
    update: async (seen, change) => {
      const before = rows.get(seen.leaseKey);
      const outcome = await sound.update(seen, change);
      const after = rows.get(seen.leaseKey);
      if (outcome.type === "applied" && after !== undefined) rows.set(seen.leaseKey, spoil(after, before));
      return outcome;
    },
  }));

export const spoilingState = (spoil: (state: Uint8Array) => Uint8Array): MakeTable =>
  spoiling((row) =>
    row.pending?.state === undefined
      ? row
      : { ...row, pending: { ...row.pending, state: spoil(row.pending.state) } },
  );

/** A table whose counters are no whole numbers of 53 bits. */
export const counting = (store: (counter: number) => number): MakeTable =>
  withFunctions((sound, { rows }) => ({
    get: async (leaseKey) => {
      const row = await sound.get(leaseKey);
      return row && { ...row, counter: store(row.counter) };
    },
    update: async (seen, change): Promise<WriteOutcome> => {
      const row = rows.get(seen.leaseKey);
      if (row === undefined || store(row.counter) !== store(seen.counter) || row.owner !== seen.owner)
        return { type: "refused" };
      rows.set(seen.leaseKey, changed({ ...row, counter: store(row.counter) }, change));
      return { type: "applied" };
    },
  }));

/** A table that does something wrong, and what tells of it. */
export interface BrokenTable {
  readonly what: string;
  readonly make?: MakeTable;
  readonly more?: Partial<LeaseTableContract<MemorySetup>>;
  /** Names of tests that must fail, each by what it begins with. */
  readonly fails: readonly string[];
}

/** Defines a test for each: that the contract finds it. */
export function areFound(broken: readonly BrokenTable[]): void {
  describe("a lease table that", () => {
    for (const { what, make, more, fails } of broken) {
      it(`${what} is found`, async () => {
        const tests = collectTests();
        describeLeaseTable(memoryContract(tests.functions, make, more));
        const failures = await tests.failures();
        for (const name of fails)
          expect(
            [...failures.keys()].some((failed) => failed.startsWith(name)),
            `${name} should fail`,
          ).toBe(true);
      });
    }
  });
}
