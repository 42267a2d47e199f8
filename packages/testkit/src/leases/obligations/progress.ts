import assert from "node:assert/strict";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { apply, at, rowOf, sameRows, take, takeNew, test } from "../rows.js";

/** How far a shard has come is stored as it is: what was prepared byte by byte, and gone once it is committed or replaced. */
export function progress<Setup extends LeaseTableUnderTest>(contract: LeaseTableContract<Setup>): void {
  test(
    contract,
    "prepare stores a place and its bytes beside the checkpoint; commit moves it and removes them",
    async (table) => {
      const mine = await takeNew(table);
      const first = at("49579844037727333356165064238440708846556371693205002258", 3);
      const state = Uint8Array.from([0, 1, 254, 255]);
      const prepared = await apply(table, mine, { type: "prepare", pending: { checkpoint: first, state } });
      assert.equal(prepared.checkpoint, "TRIM_HORIZON");
      assert.deepEqual(prepared.pending?.checkpoint, first);
      assert.deepEqual([...(prepared.pending?.state ?? [])], [...state]);
      const committed = await apply(table, prepared, { type: "commit", checkpoint: first });
      sameRows(committed, { ...mine, counter: 3, checkpoint: first });
    },
  );

  test(contract, "what was prepared outlives a take, so that the next owner finds it", async (table) => {
    const mine = await takeNew(table);
    const pending = { checkpoint: at(5), state: Uint8Array.of(1) };
    await apply(table, mine, { type: "prepare", pending });
    const next = await take(table, "s0", "b");
    assert.deepEqual([...(next.pending?.state ?? [])], [1]);
  });

  // A store that merges what it is given into what it has (JSON_MERGE_PATCH of MySQL does) would keep them.
  test(contract, "a prepare without bytes after one with bytes leaves none of the old", async (table) => {
    const mine = await takeNew(table);
    const withBytes = { checkpoint: at(5), state: Uint8Array.of(1, 2, 3) };
    const prepared = await apply(table, mine, { type: "prepare", pending: withBytes });
    const without = { checkpoint: at(8), state: undefined };
    const again = await apply(table, prepared, { type: "prepare", pending: without });
    sameRows(again, { ...mine, counter: 3, pending: without });
  });

  test(contract, "300 KiB of bytes come back byte by byte", async (table) => {
    const mine = await takeNew(table);
    // All values, in an order that no text encoding survives by accident.
    const state = Uint8Array.from({ length: 300 * 1024 }, (_, index) => (index * 167 + (index >> 8)) & 255);
    await apply(table, mine, { type: "prepare", pending: { checkpoint: at(5), state } });
    const stored = (await rowOf(table, "s0")).pending?.state;
    assert.equal(stored?.length, state.length);
    assert.ok(Buffer.compare(stored, state) === 0, "bytes were changed");
    const [listed] = await table.list();
    assert.ok(
      Buffer.compare(listed?.pending?.state ?? new Uint8Array(), state) === 0,
      "bytes were changed in the list",
    );
  });

  test(
    contract,
    "until when the shard was read rides along with a renewal and with a commit",
    async (table) => {
      const mine = await takeNew(table);
      const readThroughMs = 1_767_225_600_000;
      const renewed = await apply(table, mine, { type: "renew", readThroughMs });
      assert.equal(renewed.readThroughMs, readThroughMs);
      const committed = await apply(table, renewed, {
        type: "commit",
        checkpoint: at(7),
        readThroughMs: readThroughMs + 1,
      });
      sameRows(committed, { ...mine, counter: 3, checkpoint: at(7), readThroughMs: readThroughMs + 1 });
      const without = await apply(table, committed, { type: "commit", checkpoint: at(8) });
      assert.equal(without.readThroughMs, readThroughMs + 1);
    },
  );

  test(contract, "SHARD_END is written with the children", async (table) => {
    const mine = await takeNew(table);
    const change = { type: "commit", checkpoint: "SHARD_END", childShardIds: ["s1", "s2"] } as const;
    sameRows(await apply(table, mine, change), {
      ...mine,
      counter: 2,
      checkpoint: "SHARD_END",
      childShardIds: ["s1", "s2"],
    });
  });
}
