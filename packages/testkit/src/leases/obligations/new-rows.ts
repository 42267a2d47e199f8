import assert from "node:assert/strict";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { newLease, plain, rowOf, take, test } from "../rows.js";

/** A table is made once, and a row is made once: as it was given, and as nobody's. */
export function newRows<Setup extends LeaseTableUnderTest>(contract: LeaseTableContract<Setup>): void {
  test(
    contract,
    "is created by the first that opens it, and usable by the next",
    async (table) => {
      assert.deepEqual(await table.open(), { created: true });
      assert.deepEqual(await table.open(), { created: false });
      assert.deepEqual(await table.list(), []);
    },
    { opens: false },
  );

  test(contract, "keeps a new lease as it was given, unowned, at counter 0", async (table) => {
    const lease = newLease("s0", {
      checkpoint: "LATEST",
      parentShardIds: ["p1", "p2"],
      startTimestampMs: 1_767_225_600_000,
      hashKeyRange: { startingHashKey: "5", endingHashKey: "170141183460469231731687303715884105727" },
    });
    assert.equal(await table.create(lease), true);
    const row = await rowOf(table, "s0");
    assert.deepEqual(plain(row), {
      ...lease,
      owner: undefined,
      counter: 0,
      ownerSwitches: 0,
      pending: undefined,
      childShardIds: [],
      checkpointOwner: undefined,
      readThroughMs: undefined,
      protocolOwner: undefined,
    });
    assert.deepEqual((await table.list()).map(plain), [plain(row)]);
  });

  test(contract, "does not create a row twice, and leaves the first as it is", async (table) => {
    await table.create(newLease("s0"));
    await take(table, "s0", "a");
    assert.equal(await table.create(newLease("s0", { checkpoint: "LATEST" })), false);
    const { owner, checkpoint } = await rowOf(table, "s0");
    assert.deepEqual({ owner, checkpoint }, { owner: "a", checkpoint: "TRIM_HORIZON" });
  });

  test(contract, "remove deletes the row, and a second time does nothing", async (table) => {
    await table.create(newLease("s0"));
    await table.remove("s0");
    await table.remove("s0");
    assert.equal(await table.get("s0"), undefined);
    assert.deepEqual(await table.list(), []);
  });

  test(contract, "there is no fleet mode unless KCL 3.x workers wrote one", async (table) => {
    assert.equal(await table.fleetMode(), undefined);
  });
}
