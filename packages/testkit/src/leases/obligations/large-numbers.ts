import assert from "node:assert/strict";
import { isExcluded } from "../../contract/contract.js";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { apply, newLease, rowOf, takeNew, test } from "../rows.js";

const DEFAULT_LEASES = 3_000;
const CREATED_AT_ONCE = 50;

/** Many rows are listed whole, and counters grow past what 32 bits hold. */
export function largeNumbers<Setup extends LeaseTableUnderTest>(contract: LeaseTableContract<Setup>): void {
  const { setCounter, manyLeases = DEFAULT_LEASES } = contract;
  test(contract, `${manyLeases} leases are listed, each once`, async (table) => {
    const keys = Array.from({ length: manyLeases }, (_, index) => `shardId-${`${index}`.padStart(12, "0")}`);
    for (let from = 0; from < keys.length; from += CREATED_AT_ONCE)
      await Promise.all(
        keys.slice(from, from + CREATED_AT_ONCE).map(async (key) => {
          assert.equal(await table.create(newLease(key)), true);
        }),
      );
    const listed = (await table.list()).map(({ leaseKey }) => leaseKey);
    assert.equal(listed.length, keys.length);
    assert.deepEqual(listed.toSorted(), keys);
  });

  if (isExcluded(setCounter)) return;
  for (const power of [31, 32, 40]) {
    test(contract, `a counter goes on past 2^${power}`, async (table, setup) => {
      const old = await takeNew(table);
      const counter = 2 ** power - 1;
      const seeing = await setCounter(setup, "s0", counter);
      const before = await rowOf(seeing, "s0");
      assert.equal(before.counter, counter);
      const taken = await apply(seeing, before, { type: "take", owner: "b" });
      assert.equal(taken.counter, counter + 1);
      assert.equal((await apply(seeing, taken, { type: "renew" })).counter, counter + 2);
      for (const stale of [old, before, taken])
        assert.equal((await seeing.update(stale, { type: "renew" })).type, "refused");
      assert.equal((await rowOf(seeing, "s0")).counter, counter + 2);
    });
  }
}
