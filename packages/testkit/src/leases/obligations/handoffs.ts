import assert from "node:assert/strict";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { apply, newLease, rowOf, sameRows, takeNew, test } from "../rows.js";

/** A row that moves from one owner to another in order: the old one holds it until it lets go. */
export function handoffs<Setup extends LeaseTableUnderTest>(contract: LeaseTableContract<Setup>): void {
  test(
    contract,
    "hand-off names the next owner, and the old one goes on writing until the row is assigned",
    async (table) => {
      const mine = await takeNew(table);
      const moving = await apply(table, mine, { type: "hand-off", owner: "b" });
      assert.deepEqual([moving.owner, moving.checkpointOwner, moving.counter], ["b", "a", mine.counter]);
      const renewed = await apply(table, moving, { type: "renew" });
      const assigned = await apply(table, renewed, { type: "assign", owner: "b" });
      assert.deepEqual(
        [assigned.owner, assigned.checkpointOwner, assigned.counter, assigned.protocolOwner],
        ["b", undefined, 3, "a"],
      );
      assert.equal((await table.update(renewed, { type: "renew" })).type, "refused");
    },
  );

  test(
    contract,
    "hand-off does not look at the counter, which its owner raises all the time, and is refused while another is under way, or of nobody's row",
    async (table) => {
      const mine = await takeNew(table);
      const now = await apply(table, mine, { type: "renew" });
      await apply(table, mine, { type: "hand-off", owner: "b" });
      const moving = await rowOf(table, "s0");
      assert.equal(moving.counter, now.counter);
      for (const seen of [mine, moving])
        assert.equal((await table.update(seen, { type: "hand-off", owner: "c" })).type, "refused");
      sameRows(await rowOf(table, "s0"), moving);
      await table.create(newLease("s1"));
      const free = await rowOf(table, "s1");
      assert.equal((await table.update(free, { type: "hand-off", owner: "b" })).type, "refused");
      sameRows(await rowOf(table, "s1"), free);
    },
  );

  test(
    contract,
    "assign gives a row to whom it names, also nobody's, and is refused where another handoff was seen, or an older counter",
    async (table) => {
      await table.create(newLease("s0"));
      const mine = await apply(table, await rowOf(table, "s0"), { type: "assign", owner: "a" });
      assert.deepEqual([mine.owner, mine.counter, mine.ownerSwitches], ["a", 1, 0]);
      const moving = await apply(table, mine, { type: "hand-off", owner: "b" });
      for (const seen of [
        { ...moving, checkpointOwner: undefined },
        { ...moving, checkpointOwner: "c" },
        { ...moving, counter: 0 },
      ])
        assert.equal((await table.update(seen, { type: "assign", owner: "b" })).type, "refused");
      const back = await apply(table, moving, { type: "assign", owner: "a" });
      assert.deepEqual([back.owner, back.checkpointOwner, back.ownerSwitches], ["a", undefined, 1]);
    },
  );

  test(contract, "a renewal says what is read of the shard, and others leave it as it is", async (table) => {
    const mine = await takeNew(table);
    const told = await apply(table, mine, { type: "renew", throughputKBps: 12.5 });
    assert.equal(told.throughputKBps, 12.5);
    assert.equal((await apply(table, told, { type: "renew" })).throughputKBps, 12.5);
  });
}
