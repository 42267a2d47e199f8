import { describe, expect, test } from "vitest";
import type { Lease, LeaseTable } from "@kinesis-connectors/leases";
import { newLease } from "./leases.js";

/** A fresh table per test. */
export interface TableUnderTest extends AsyncDisposable {
  readonly table: LeaseTable;
}

/** What every lease table owes. */
export function describeLeaseTable(name: string, create: () => Promise<TableUnderTest>): void {
  const opened = async (): Promise<TableUnderTest> => {
    const fresh = await create();
    await fresh.table.open();
    return fresh;
  };
  const required = async (table: LeaseTable, key: string): Promise<Lease> => {
    const lease = await table.get(key);
    if (lease === undefined) throw new Error(`no row ${key}`);
    return lease;
  };
  const take = async (table: LeaseTable, key: string, owner: string): Promise<Lease> => {
    const outcome = await table.update(await required(table, key), { type: "take", owner });
    expect(outcome.type).toBe("applied");
    return await required(table, key);
  };

  describe(`lease table ${name}`, () => {
    test("is created by the first that opens it, and usable by the next", async () => {
      await using fresh = await create();
      expect(await fresh.table.open()).toEqual({ created: true });
      expect(await fresh.table.open()).toEqual({ created: false });
      expect(await fresh.table.list()).toEqual([]);
    });

    test("keeps a new lease as it was given, unowned, at counter 0", async () => {
      await using fresh = await opened();
      const lease = newLease("s0", {
        checkpoint: "LATEST",
        parentShardIds: ["p1", "p2"],
        startTimestampMs: 1_767_225_600_000,
        hashKeyRange: { startingHashKey: "5", endingHashKey: "170141183460469231731687303715884105727" },
      });
      expect(await fresh.table.create(lease)).toBe(true);
      const row = await required(fresh.table, "s0");
      expect({ ...row, parentShardIds: row.parentShardIds.toSorted() }).toEqual({
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
      expect(await fresh.table.list()).toEqual([row]);
    });

    test("K28 does not create a row twice, and leaves the first as it is", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      await take(fresh.table, "s0", "a");
      expect(await fresh.table.create(newLease("s0", { checkpoint: "LATEST" }))).toBe(false);
      expect(await required(fresh.table, "s0")).toMatchObject({ owner: "a", checkpoint: "TRIM_HORIZON" });
    });

    test("take: of two that saw the same row, one gets it", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      const seen = await required(fresh.table, "s0");
      const outcomes = await Promise.all(
        ["a", "b", "c"].map((owner) => fresh.table.update(seen, { type: "take", owner })),
      );
      expect(outcomes.map(({ type }) => type).toSorted()).toEqual(["applied", "refused", "refused"]);
      const row = await required(fresh.table, "s0");
      expect(row).toMatchObject({ counter: 1, ownerSwitches: 0 });
      expect(row.protocolOwner).toBe(row.owner);
    });

    test("take from another owner counts a switch; the first checkpoint forgets it", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      await take(fresh.table, "s0", "a");
      const taken = await take(fresh.table, "s0", "b");
      expect(taken).toMatchObject({ owner: "b", protocolOwner: "b", counter: 2, ownerSwitches: 1 });
      await fresh.table.update(taken, {
        type: "commit",
        checkpoint: { sequenceNumber: "7", subSequenceNumber: 0 },
      });
      expect(await required(fresh.table, "s0")).toMatchObject({ counter: 3, ownerSwitches: 0 });
    });

    test("F72 take makes a LATEST concrete that was not", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0", { checkpoint: "LATEST" }));
      const seen = await required(fresh.table, "s0");
      await fresh.table.update(seen, { type: "take", owner: "a", startTimestampMs: 99 });
      expect(await required(fresh.table, "s0")).toMatchObject({ checkpoint: "LATEST", startTimestampMs: 99 });
    });

    test("renew raises the counter and carries how far the shard was read", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      const mine = await take(fresh.table, "s0", "a");
      expect(await fresh.table.update(mine, { type: "renew", readThroughMs: 1_000 })).toEqual({
        type: "applied",
      });
      const renewed = await required(fresh.table, "s0");
      expect(renewed).toEqual({ ...mine, counter: 2, readThroughMs: 1_000 });
      expect((await fresh.table.update(renewed, { type: "renew" })).type).toBe("applied");
      expect(await required(fresh.table, "s0")).toMatchObject({ counter: 3, readThroughMs: 1_000 });
    });

    test("K05 F32 whatever an earlier owner writes after a take is refused", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      const old = await take(fresh.table, "s0", "a");
      const now = await take(fresh.table, "s0", "b");
      const position = { sequenceNumber: "9", subSequenceNumber: 0 };
      for (const change of [
        { type: "renew" },
        { type: "prepare", pending: { checkpoint: position, state: undefined } },
        { type: "commit", checkpoint: position },
        { type: "evict" },
      ] as const)
        expect((await fresh.table.update(old, change)).type).toBe("refused");
      expect(await required(fresh.table, "s0")).toEqual(now);
    });

    test("F74 a counter that comes again under another owner does not let a write through", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      const mine = await take(fresh.table, "s0", "a");
      await fresh.table.remove("s0");
      await fresh.table.create(newLease("s0"));
      const theirs = await take(fresh.table, "s0", "b");
      expect(theirs.counter).toBe(mine.counter);
      expect((await fresh.table.update(mine, { type: "renew" })).type).toBe("refused");
    });

    test("prepare stores a place and its bytes beside the checkpoint; commit moves it and removes them", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      const mine = await take(fresh.table, "s0", "a");
      const first = {
        sequenceNumber: "49579844037727333356165064238440708846556371693205002258",
        subSequenceNumber: 3,
      };
      const state = Uint8Array.from([0, 1, 254, 255]);
      expect(
        (await fresh.table.update(mine, { type: "prepare", pending: { checkpoint: first, state } })).type,
      ).toBe("applied");
      const prepared = await required(fresh.table, "s0");
      expect(prepared.checkpoint).toBe("TRIM_HORIZON");
      expect(prepared.pending?.checkpoint).toEqual(first);
      expect([...(prepared.pending?.state ?? [])]).toEqual([...state]);
      await fresh.table.update(prepared, { type: "commit", checkpoint: first });
      expect(await required(fresh.table, "s0")).toEqual({ ...mine, counter: 3, checkpoint: first });
    });

    test("a pending batch outlives a take, so that the heir finds it", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      const mine = await take(fresh.table, "s0", "a");
      const pending = { checkpoint: { sequenceNumber: "5", subSequenceNumber: 0 }, state: Uint8Array.of(1) };
      await fresh.table.update(mine, { type: "prepare", pending });
      const heirs = await take(fresh.table, "s0", "b");
      expect([...(heirs.pending?.state ?? [])]).toEqual([1]);
    });

    test("SHARD_END is written with the children", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      const mine = await take(fresh.table, "s0", "a");
      await fresh.table.update(mine, {
        type: "commit",
        checkpoint: "SHARD_END",
        childShardIds: ["s1", "s2"],
      });
      const row = await required(fresh.table, "s0");
      expect(row.checkpoint).toBe("SHARD_END");
      expect(row.childShardIds.toSorted()).toEqual(["s1", "s2"]);
    });

    test("evict leaves the row to anybody, with its counter raised", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      const mine = await take(fresh.table, "s0", "a");
      expect((await fresh.table.update(mine, { type: "evict" })).type).toBe("applied");
      const row = await required(fresh.table, "s0");
      expect(row).toMatchObject({ owner: undefined, counter: 2, protocolOwner: "a" });
      expect((await fresh.table.update(row, { type: "take", owner: "b" })).type).toBe("applied");
    });

    test("facts about a shard change neither counter nor owner, and create no row", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      const mine = await take(fresh.table, "s0", "a");
      const hashKeyRange = { startingHashKey: "1", endingHashKey: "2" };
      expect(await fresh.table.describe("s0", { childShardIds: ["s1"], hashKeyRange })).toBe(true);
      expect(await required(fresh.table, "s0")).toEqual({ ...mine, childShardIds: ["s1"], hashKeyRange });
      expect(await fresh.table.describe("s9", { hashKeyRange })).toBe(false);
      expect(await fresh.table.get("s9")).toBeUndefined();
    });

    test("remove deletes the row, and a second time does nothing", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      await fresh.table.remove("s0");
      await fresh.table.remove("s0");
      expect(await fresh.table.get("s0")).toBeUndefined();
    });

    test("K06 the counter only increases, over any sequence of changes", async () => {
      await using fresh = await opened();
      await fresh.table.create(newLease("s0"));
      let last = 0;
      for (let round = 0; round < 3; round += 1) {
        for (const owner of ["a", "b"]) {
          await take(fresh.table, "s0", owner);
          const row = await required(fresh.table, "s0");
          await fresh.table.update(row, { type: round === 1 ? "evict" : "renew" });
          const { counter } = await required(fresh.table, "s0");
          expect(counter).toBe(last + 2);
          last = counter;
        }
      }
    });

    test("there is no fleet mode unless KCL 3.x workers wrote one", async () => {
      await using fresh = await opened();
      expect(await fresh.table.fleetMode()).toBeUndefined();
    });
  });
}
