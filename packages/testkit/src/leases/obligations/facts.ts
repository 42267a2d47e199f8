import assert from "node:assert/strict";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { apply, at, rowOf, sameRows, takeNew, test, withSecond } from "../rows.js";

const ROUNDS = 50;

/** Facts about a shard are written beside its progress: neither undoes the other. */
export function facts<Setup extends LeaseTableUnderTest>(contract: LeaseTableContract<Setup>): void {
  test(contract, "facts about a shard change neither counter nor owner, and create no row", async (table) => {
    const mine = await takeNew(table);
    const hashKeyRange = { startingHashKey: "1", endingHashKey: "2" };
    assert.equal(await table.describe("s0", { childShardIds: ["s1"], hashKeyRange }), true);
    sameRows(await rowOf(table, "s0"), { ...mine, childShardIds: ["s1"], hashKeyRange });
    assert.equal(await table.describe("s9", { hashKeyRange }), false);
    assert.equal(await table.get("s9"), undefined);
  });

  test(
    contract,
    "facts and a change that are written at the same time are both kept",
    async (table, setup) => {
      await withSecond(contract, setup, async (second) => {
        let mine = await takeNew(table);
        for (let round = 1; round <= ROUNDS; round += 1) {
          const hashKeyRange = { startingHashKey: `${round}`, endingHashKey: `${round + 1}` };
          const pending = { checkpoint: at(round), state: Uint8Array.of(round) };
          const [outcome, described] = await Promise.all([
            table.update(mine, round % 2 === 0 ? { type: "renew" } : { type: "prepare", pending }),
            second.describe("s0", { childShardIds: [`child-${round}`], hashKeyRange }),
          ]);
          assert.deepEqual([outcome.type, described], ["applied", true], `round ${round}`);
          const row = await rowOf(table, "s0");
          const { counter, pending: stored } = row;
          assert.equal(counter, mine.counter + 1, `round ${round}: the change was lost`);
          if (round % 2 === 1)
            assert.deepEqual([...(stored?.state ?? [])], [round], `round ${round}: the batch was lost`);
          assert.deepEqual(
            [row.childShardIds, row.hashKeyRange],
            [[`child-${round}`], hashKeyRange],
            `round ${round}: the facts were lost`,
          );
          mine = row;
        }
        await apply(table, mine, { type: "renew" });
      });
    },
  );
}
