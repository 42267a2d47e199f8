import assert from "node:assert/strict";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { apply, at, newLease, rowOf, sameRows, take, takeNew, test } from "../rows.js";

/** A row has one owner, and whoever owned it before can change nothing any more. */
export function ownership<Setup extends LeaseTableUnderTest>(contract: LeaseTableContract<Setup>): void {
  test(contract, "take: of three that saw the same row, one gets it", async (table) => {
    await table.create(newLease("s0"));
    const seen = await rowOf(table, "s0");
    const outcomes = await Promise.all(
      ["a", "b", "c"].map(async (owner) => await table.update(seen, { type: "take", owner })),
    );
    assert.deepEqual(outcomes.map(({ type }) => type).toSorted(), ["applied", "refused", "refused"]);
    const row = await rowOf(table, "s0");
    assert.deepEqual([row.counter, row.ownerSwitches], [1, 0]);
    assert.equal(row.protocolOwner, row.owner);
  });

  test(
    contract,
    "take from another owner counts a switch; the first checkpoint forgets it",
    async (table) => {
      await takeNew(table);
      const taken = await take(table, "s0", "b");
      const { owner, protocolOwner, counter, ownerSwitches } = taken;
      assert.deepEqual([owner, protocolOwner, counter, ownerSwitches], ["b", "b", 2, 1]);
      const committed = await apply(table, taken, { type: "commit", checkpoint: at(7) });
      assert.deepEqual([committed.counter, committed.ownerSwitches], [3, 0]);
    },
  );

  test(contract, "take makes a LATEST concrete that was not", async (table) => {
    await table.create(newLease("s0", { checkpoint: "LATEST" }));
    const seen = await rowOf(table, "s0");
    const { checkpoint, startTimestampMs } = await apply(table, seen, {
      type: "take",
      owner: "a",
      startTimestampMs: 99,
    });
    assert.deepEqual({ checkpoint, startTimestampMs }, { checkpoint: "LATEST", startTimestampMs: 99 });
  });

  test(contract, "renew raises the counter and carries how far the shard was read", async (table) => {
    const mine = await takeNew(table);
    const renewed = await apply(table, mine, { type: "renew", readThroughMs: 1_000 });
    sameRows(renewed, { ...mine, counter: 2, readThroughMs: 1_000 });
    const again = await apply(table, renewed, { type: "renew" });
    sameRows(again, { ...mine, counter: 3, readThroughMs: 1_000 });
  });

  test(contract, "whatever an earlier owner writes after a take is refused", async (table) => {
    const old = await takeNew(table);
    const now = await take(table, "s0", "b");
    for (const change of [
      { type: "renew" },
      { type: "prepare", pending: { checkpoint: at(9), state: undefined } },
      { type: "commit", checkpoint: at(9) },
      { type: "evict" },
    ] as const)
      assert.equal((await table.update(old, change)).type, "refused", change.type);
    sameRows(await rowOf(table, "s0"), now);
  });

  test(
    contract,
    "a counter that comes again under another owner does not let a write through",
    async (table) => {
      const mine = await takeNew(table);
      await table.remove("s0");
      const theirs = await takeNew(table, "s0", "b");
      assert.equal(theirs.counter, mine.counter);
      assert.equal((await table.update(mine, { type: "renew" })).type, "refused");
    },
  );

  test(contract, "a change of a row that is gone is refused, and makes none", async (table) => {
    const mine = await takeNew(table);
    await table.remove("s0");
    assert.equal((await table.update(mine, { type: "renew" })).type, "refused");
    assert.equal(await table.get("s0"), undefined);
  });

  test(contract, "evict leaves the row to anybody, with its counter raised", async (table) => {
    const mine = await takeNew(table);
    const row = await apply(table, mine, { type: "evict" });
    assert.deepEqual([row.owner, row.counter, row.protocolOwner], [undefined, 2, "a"]);
    await apply(table, row, { type: "take", owner: "b" });
  });

  test(contract, "the counter only increases, over any sequence of changes", async (table) => {
    await table.create(newLease("s0"));
    let last = 0;
    for (const type of ["renew", "evict", "renew"] as const) {
      for (const owner of ["a", "b"]) {
        const { counter } = await apply(table, await take(table, "s0", owner), { type });
        assert.equal(counter, last + 2);
        last = counter;
      }
    }
  });
}
