import assert from "node:assert/strict";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { apply, at, newLease, plain, rowOf, take, takeNew, test } from "../rows.js";

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

  test(contract, "keeps whose progress a row holds, from its creation or from a commit on", async (table) => {
    const stream = { streamArn: "arn:aws:kinesis:eu-west-1:1:stream/orders", createdMs: 1_767_225_600_000 };
    await table.create(newLease("s0", { stream }));
    assert.deepEqual((await take(table, "s0", "a")).stream, stream);
    const others = await takeNew(table, "s1");
    assert.equal(others.stream, undefined);
    const committed = await apply(table, others, { type: "commit", checkpoint: at(7), stream });
    assert.deepEqual(committed.stream, stream);
    const renewed = await apply(table, committed, { type: "commit", checkpoint: at(8) });
    assert.deepEqual(renewed.stream, stream);
    assert.deepEqual(
      (await table.list()).map((row) => row.stream),
      [stream, stream],
    );
  });

  test(contract, "keeps until when an application reads, through every change", async (table) => {
    const untilMs = 1_767_225_700_000;
    await table.create(newLease("s0", { untilMs }));
    const taken = await take(table, "s0", "a");
    assert.equal(taken.untilMs, untilMs);
    const ended = await apply(table, taken, { type: "commit", checkpoint: "SHARD_END", childShardIds: [] });
    assert.equal(ended.untilMs, untilMs);
    await table.create(newLease("s1"));
    const others = (await table.list()).map((row) => [row.leaseKey, row.untilMs]);
    assert.deepEqual(Object.fromEntries(others), { s0: untilMs, s1: undefined });
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
