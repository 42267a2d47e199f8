import assert from "node:assert/strict";
import type { LeaseTable } from "@kinesis-connectors/leases";
import type { LeaseTableContract, LeaseTableUnderTest } from "../contract.js";
import { apply, newLease, rowOf, sameRows, take, test, withSecond } from "../rows.js";

const ROUNDS = 200;
const READ_ROUNDS = 50;

/** Two processes that write the same row: each counter is written once, and what was acknowledged is seen by both. */
export function twoClients<Setup extends LeaseTableUnderTest>(contract: LeaseTableContract<Setup>): void {
  test(
    contract,
    `two clients write one row ${ROUNDS} times at once: one of them for each counter`,
    async (table, setup) => {
      await withSecond(contract, setup, async (second) => {
        await table.create(newLease("s0"));
        const written = new Map<number, string>();
        const attempt = async (client: LeaseTable, owner: string): Promise<void> => {
          const seen = await rowOf(client, "s0");
          const { type } = await client.update(seen, { type: "take", owner });
          if (type === "refused") return;
          assert.equal(type, "applied");
          const counter = seen.counter + 1;
          assert.ok(!written.has(counter), `counter ${counter} was written twice`);
          written.set(counter, owner);
        };
        for (let round = 1; round <= ROUNDS; round += 1) {
          await Promise.all([attempt(table, `a-${round}`), attempt(second, `b-${round}`)]);
          const { counter, owner } = await rowOf(table, "s0");
          assert.equal(counter, written.size, "the counter is not the number of writes");
          assert.equal(owner, written.get(counter), "the owner is not the one who was told so");
        }
        assert.ok(written.size >= ROUNDS, "in a round both were refused");
      });
    },
  );

  test(
    contract,
    "get sees every write that was acknowledged, also another client's",
    async (table, setup) => {
      await withSecond(contract, setup, async (second) => {
        for (let round = 1; round <= READ_ROUNDS; round += 1) {
          const key = `s${round}`;
          await table.create(newLease(key));
          assert.ok((await second.get(key)) !== undefined, "a row that was created is not there");
          const mine = await take(table, key, "a");
          sameRows(await rowOf(second, key), mine, "a take is not seen");
          await table.describe(key, { childShardIds: ["s-next"] });
          assert.deepEqual((await rowOf(second, key)).childShardIds, ["s-next"], "a fact is not seen");
          const renewed = await apply(second, await rowOf(second, key), { type: "renew" });
          sameRows(await rowOf(table, key), renewed, "a renewal is not seen");
          await table.remove(key);
          assert.equal(await second.get(key), undefined, "a row that was removed is still there");
        }
      });
    },
  );
}
