import assert from "node:assert/strict";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { apply, at, newLease, rowOf, sameRows, take, takeNew, test, withSecond } from "../rows.js";

const ROUNDS = 20;
const PAUSE = { pausedMs: 1_767_225_600_000, pausedBy: "ops@host" } as const;

/** What an operator wants of a shard stands in its row: whether it is paused, and that it is to begin elsewhere. */
export function steering<Setup extends LeaseTableUnderTest>(contract: LeaseTableContract<Setup>): void {
  test(
    contract,
    "a pause is a fact: it stays through every change, until null takes it away",
    async (table) => {
      await table.create(newLease("s0"));
      assert.equal(await table.describe("s0", PAUSE), true);
      const paused = await rowOf(table, "s0");
      assert.deepEqual([paused.counter, paused.owner], [0, undefined]);
      let row = await take(table, "s0", "a");
      assert.deepEqual([row.pausedMs, row.pausedBy], [PAUSE.pausedMs, PAUSE.pausedBy], "take");
      for (const change of [
        { type: "renew" },
        { type: "prepare", pending: { checkpoint: at(5), state: undefined } },
        { type: "commit", checkpoint: at(5) },
        { type: "evict" },
      ] as const) {
        row = await apply(table, row, change);
        assert.deepEqual([row.pausedMs, row.pausedBy], [PAUSE.pausedMs, PAUSE.pausedBy], change.type);
      }
      const [listed] = await table.list();
      assert.deepEqual([listed?.pausedMs, listed?.pausedBy], [PAUSE.pausedMs, PAUSE.pausedBy]);
      await table.describe("s0", { pausedMs: null, pausedBy: null, pauseDoneMs: null });
      const { pausedMs: _since, pausedBy: _by, ...unpaused } = row;
      sameRows(await rowOf(table, "s0"), unpaused);
      assert.equal(await table.describe("s9", PAUSE), false);
      assert.equal(await table.get("s9"), undefined);
    },
  );

  test(
    contract,
    "an owner says with a renewal that a pause is done, and a take forgets it",
    async (table) => {
      const mine = await takeNew(table);
      await table.describe("s0", PAUSE);
      const done = await apply(table, mine, { type: "renew", readThroughMs: 5, pauseDoneMs: 6 });
      sameRows(done, { ...mine, ...PAUSE, counter: 2, readThroughMs: 5, pauseDoneMs: 6 });
      assert.equal((await apply(table, done, { type: "renew" })).pauseDoneMs, 6);
      assert.equal((await table.update(mine, { type: "renew", pauseDoneMs: 9 })).type, "refused");
      const taken = await take(table, "s0", "b");
      assert.deepEqual([taken.pausedMs, taken.pauseDoneMs], [PAUSE.pausedMs, undefined]);
      const said = await apply(table, taken, { type: "renew", pauseDoneMs: 8 });
      const assigned = await apply(table, said, { type: "assign", owner: "c" });
      assert.deepEqual([assigned.pausedMs, assigned.pauseDoneMs], [PAUSE.pausedMs, undefined]);
      await table.describe("s0", { pauseDoneMs: 7 });
      assert.equal((await rowOf(table, "s0")).pauseDoneMs, 7);
      await table.describe("s0", { pauseDoneMs: null });
      assert.equal((await rowOf(table, "s0")).pauseDoneMs, undefined);
    },
  );

  test(
    contract,
    "a pause and a change that are written at the same time are both kept",
    async (table, setup) => {
      await withSecond(contract, setup, async (second) => {
        let mine = await takeNew(table);
        for (let round = 1; round <= ROUNDS; round += 1) {
          const isPause = round % 2 === 1;
          const pending = { checkpoint: at(round), state: Uint8Array.of(round) };
          const [outcome, described] = await Promise.all([
            table.update(mine, { type: "prepare", pending }),
            second.describe("s0", {
              pausedMs: isPause ? round : null,
              pausedBy: isPause ? `by-${round}` : null,
            }),
          ]);
          assert.deepEqual([outcome.type, described], ["applied", true], `round ${round}`);
          mine = await rowOf(table, "s0");
          assert.deepEqual([...(mine.pending?.state ?? [])], [round], `round ${round}: the batch was lost`);
          assert.deepEqual(
            [mine.pausedMs, mine.pausedBy],
            isPause ? [round, `by-${round}`] : [undefined, undefined],
            `round ${round}: the pause was lost`,
          );
        }
      });
    },
  );

  test(
    contract,
    "reset moves the checkpoint anywhere, forgets what was prepared, and leaves the row to anybody",
    async (table) => {
      const mine = await takeNew(table);
      await table.describe("s0", PAUSE);
      let row = await apply(table, mine, { type: "commit", checkpoint: at(90, 2) });
      row = await apply(table, row, { type: "renew", readThroughMs: 5, pauseDoneMs: 6 });
      const pending = { checkpoint: at(95), state: Uint8Array.of(1) };
      row = await apply(table, row, { type: "prepare", pending });
      const back = { type: "reset", checkpoint: at(7, 3), readThroughMs: 4 } as const;
      const reset = await apply(table, row, back);
      sameRows(reset, {
        ...row,
        owner: undefined,
        counter: 5,
        checkpoint: at(7, 3),
        pending: undefined,
        readThroughMs: 4,
        startTimestampMs: undefined,
      });
      assert.equal(reset.protocolOwner, "a", "whose batches were prepared is still known");
      const owned = await take(table, "s0", "b");
      assert.deepEqual([owned.checkpoint, owned.ownerSwitches], [at(7, 3), 0]);
      const time = { type: "reset", checkpoint: "AT_TIMESTAMP", startTimestampMs: 99 } as const;
      const atTime = await apply(table, owned, time);
      assert.deepEqual(
        [atTime.checkpoint, atTime.startTimestampMs, atTime.readThroughMs],
        ["AT_TIMESTAMP", 99, undefined],
      );
    },
  );

  test(contract, "whoever owned the row before a reset can change nothing any more", async (table) => {
    const old = await takeNew(table);
    const row = await apply(table, old, { type: "reset", checkpoint: "TRIM_HORIZON" });
    for (const change of [
      { type: "renew" },
      { type: "prepare", pending: { checkpoint: at(9), state: undefined } },
      { type: "commit", checkpoint: at(9) },
      { type: "evict" },
      { type: "reset", checkpoint: at(9) },
    ] as const)
      assert.equal((await table.update(old, change)).type, "refused", change.type);
    sameRows(await rowOf(table, "s0"), row);
  });

  test(contract, "a reset of a row that was changed since it was seen is refused", async (table) => {
    const seen = await takeNew(table);
    const renewed = await apply(table, seen, { type: "renew" });
    assert.equal((await table.update(seen, { type: "reset", checkpoint: "LATEST" })).type, "refused");
    sameRows(await rowOf(table, "s0"), renewed);
  });
}
