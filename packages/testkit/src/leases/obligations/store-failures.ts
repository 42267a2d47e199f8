import assert from "node:assert/strict";
import { isExcluded } from "../../contract/contract.js";
import { underFault } from "../../contract/with-setup.js";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { apply, at, newLease, plain, rowOf, sameRows, take, takeNew, test } from "../rows.js";

/** A store that goes away between request and answer leaves a row that tells what became of the write; one that comes back has all rows. */
export function storeFailures<Setup extends LeaseTableUnderTest>(contract: LeaseTableContract<Setup>): void {
  const { answerLost, restart } = contract;
  if (!isExcluded(answerLost)) {
    test(
      contract,
      "an update whose answer never came is unknown, and get tells what became of it",
      async (table, setup) => {
        const mine = await takeNew(table);
        const change = { type: "commit", checkpoint: at(7) } as const;
        const outcome = await underFault(setup, answerLost, async () => await table.update(mine, change));
        assert.equal(outcome.type, "unknown");
        const row = await rowOf(table, "s0");
        const applied = { ...mine, counter: mine.counter + 1, checkpoint: at(7) };
        sameRows(
          row,
          row.counter === mine.counter ? mine : applied,
          "the row is neither as before nor as after",
        );
        // Whatever it was: from what the row says, its owner goes on, and the write does not come a second time.
        const next = await apply(table, row, { type: "commit", checkpoint: at(9) });
        assert.deepEqual([next.counter, next.checkpoint], [row.counter + 1, at(9)]);
      },
    );
  }
  if (!isExcluded(restart)) {
    test(contract, "rows outlive a restart of the store", async (table, setup) => {
      const pending = {
        checkpoint: at("49579844037727333356165064238440708846556371693205002258", 3),
        state: Uint8Array.of(0, 255),
      };
      await apply(table, await takeNew(table), { type: "prepare", pending });
      await table.create(
        newLease("s1", { checkpoint: "LATEST", startTimestampMs: 5, parentShardIds: ["s0"] }),
      );
      await table.describe("s1", { childShardIds: ["s2"], pausedMs: 7, pausedBy: "ops", pauseDoneMs: 8 });
      await apply(table, await takeNew(table, "s3"), {
        type: "commit",
        checkpoint: "SHARD_END",
        childShardIds: [],
      });
      await takeNew(table, "s4");
      await table.remove("s4");
      const before = new Map((await table.list()).map((row) => [row.leaseKey, plain(row)]));
      const again = await restart(setup);
      try {
        assert.deepEqual(await again.open(), { created: false });
        const after = new Map((await again.list()).map((row) => [row.leaseKey, plain(row)]));
        assert.deepEqual([...after.keys()].toSorted(), ["s0", "s1", "s3"]);
        assert.deepEqual(after, before);
        assert.equal((await take(again, "s0", "b")).counter, 3);
      } finally {
        if (again !== setup.table) again.close?.();
      }
    });
  }
}
