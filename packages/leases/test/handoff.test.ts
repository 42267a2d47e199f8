import { describe, expect, test } from "vitest";
import {
  changed,
  HeldLease,
  type Intercept,
  type Lease,
  type LeaseChange,
  type LeaseTable,
  memoryLeases,
} from "../src/index.js";
import { newLease } from "./support/leases.js";
import { SeededRandom } from "./support/seeded-random.js";
import { VirtualClock } from "./support/virtual-clock.js";

const ME = "me:1";
const NEXT = "next:1";

/** A lease of `s0` that this worker holds, and a table of the fleet's leader. */
async function holding(more: { readonly renewAfterMs?: number } = {}) {
  const clock = new VirtualClock();
  const leases = memoryLeases();
  const leader = leases.connect();
  await leader.create(newLease("s0"));
  const row = (): Lease => {
    const found = leases.rows.get("s0");
    if (found === undefined) throw new Error("no row");
    return found;
  };
  const taken = changed(row(), { type: "take", owner: ME });
  leases.rows.set("s0", taken);
  const told: string[] = [];
  const lost: string[] = [];
  const faults: { next: Intercept } = { next: () => undefined };
  const table: LeaseTable = leases.connect((call) => faults.next(call));
  const held = new HeldLease(taken, 0, {
    table,
    ownerId: ME,
    clock,
    random: new SeededRandom(1),
    failoverTimeMs: 10_000,
    lost: (reason) => void lost.push(reason),
    handoff: (next) => void told.push(next),
    tellsThroughput: () => true,
    ...more,
  });
  const handOff = async (): Promise<string> =>
    (await leader.update(row(), { type: "hand-off", owner: NEXT })).type;
  return { clock, leases, leader, held, row, told, lost, faults, handOff };
}

function once(type: "lose-reply" | "repeat"): Intercept {
  let isDone = false;
  return ({ operation }) => {
    if (operation !== "update" || isDone) return undefined;
    isDone = true;
    return { type };
  };
}

test("a lease that is committed all the time is renewed besides now and then, so that its row says what is read of it", async () => {
  const { clock, held, row } = await holding({ renewAfterMs: 3_000 });
  let commits = 0;
  for (let passedMs = 0; passedMs < 60_000; passedMs += 500) {
    held.noteBytes(2_048);
    await clock.advance(500);
    if (passedMs % 1_000 === 0) {
      commits += 1;
      await clock.run(
        held.write({ type: "commit", checkpoint: { sequenceNumber: `${commits}`, subSequenceNumber: 0 } }),
      );
    }
    await clock.run(held.renew());
  }
  expect(row().throughputKBps).toBeCloseTo(4, 1);
  expect(held.renewalCount).toBeGreaterThanOrEqual(5);
  expect(held.renewalCount).toBeLessThanOrEqual(7);
});

describe("a lease that its leader gives to another worker", () => {
  test("renewals say what was read of the shard: a moving average over their intervals, in KiB per second", async () => {
    const { clock, held, row } = await holding();
    held.noteBytes(4_096);
    await clock.advance(1_000);
    await clock.run(held.renew());
    expect(row()).toMatchObject({ counter: 2, throughputKBps: 4 });
    await clock.advance(1_000);
    await clock.run(held.renew());
    expect(row().throughputKBps).toBe(2);
  });

  test.each([
    { type: "renew" },
    {
      type: "prepare",
      pending: { checkpoint: { sequenceNumber: "9", subSequenceNumber: 0 }, state: undefined },
    },
    { type: "commit", checkpoint: { sequenceNumber: "9", subSequenceNumber: 0 } },
  ] satisfies LeaseChange[])(
    "$type: the old owner learns of it, writes all the same, and stays the owner",
    async (change) => {
      const { clock, held, row, told, lost, handOff } = await holding();
      expect(await handOff()).toBe("applied");
      await clock.run(held.write(change));
      expect(row()).toMatchObject({ counter: 2, owner: NEXT, checkpointOwner: ME });
      expect(row()).toEqual(held.lease);
      expect([told, lost, held.nextOwner]).toEqual([[NEXT], [], NEXT]);
      await clock.run(held.renew());
      expect([row().counter, told]).toEqual([3, [NEXT]]);
    },
  );

  test("a batch that was prepared before it is still there after it, for whoever comes next", async () => {
    const { clock, held, row, handOff } = await holding();
    const pending = { checkpoint: { sequenceNumber: "9", subSequenceNumber: 0 }, state: Uint8Array.of(1, 2) };
    await clock.run(held.write({ type: "prepare", pending }));
    await handOff();
    await clock.run(held.renew());
    await clock.run(held.write({ type: "evict" }));
    expect(row()).toMatchObject({ owner: NEXT, checkpointOwner: undefined, pending });
    expect(held.gone.aborted).toBe(true);
  });

  test("giving it back gives it to the next owner, also when the wish comes before anybody has learned of the handoff", async () => {
    const { clock, held, row, lost, handOff } = await holding();
    await handOff();
    await clock.run(held.write({ type: "evict" }));
    expect(row()).toMatchObject({ owner: NEXT, checkpointOwner: undefined, counter: 2 });
    expect(lost).toEqual([]);
  });

  test.each(["lose-reply", "repeat"] as const)(
    "K03 the answer to giving it away is lost (%s): it is given away once, and nobody believes it lost",
    async (type) => {
      const { clock, held, row, lost, faults, handOff } = await holding();
      await handOff();
      await clock.run(held.renew());
      faults.next = once(type);
      await clock.run(held.write({ type: "evict" }));
      expect(row()).toMatchObject({ owner: NEXT, checkpointOwner: undefined });
      expect([lost, held.gone.aborted]).toEqual([[], true]);
    },
  );

  test("K03 a renewal in a handoff whose answer is lost keeps the lease", async () => {
    const { clock, held, row, lost, faults, handOff } = await holding();
    await handOff();
    await clock.run(held.renew());
    faults.next = once("lose-reply");
    await clock.run(held.renew());
    expect([row().counter, row().checkpointOwner, lost]).toEqual([3, ME, []]);
  });

  test("the leader gives it away by force: nothing more is written", async () => {
    const { clock, leader, held, row, lost, handOff } = await holding();
    await handOff();
    await clock.run(held.renew());
    expect((await leader.update(row(), { type: "assign", owner: NEXT })).type).toBe("applied");
    await expect(clock.run(held.renew())).rejects.toThrow(/belongs to next:1/);
    expect(lost).toHaveLength(1);
  });

  test("K09 a KCL 2.x worker that takes a lease in a handoff leaves the mark in it: the lease is lost all the same", async () => {
    const { clock, leases, held, row, lost, handOff } = await holding();
    await handOff();
    leases.rows.set("s0", { ...row(), counter: row().counter + 1, owner: "old-kcl" });
    await expect(clock.run(held.renew())).rejects.toThrow(/lost/);
    expect(lost).toHaveLength(1);
  });

  test("a second handoff, and one of a lease that is nobody's, are refused", async () => {
    const { leader, row, handOff, leases } = await holding();
    expect(await handOff()).toBe("applied");
    expect((await leader.update(row(), { type: "hand-off", owner: "third" })).type).toBe("refused");
    leases.rows.set("s0", { ...row(), owner: undefined, checkpointOwner: undefined });
    expect((await leader.update(row(), { type: "hand-off", owner: "third" })).type).toBe("refused");
  });

  test("an assignment that has seen another handoff is refused", async () => {
    const { leader, row, handOff } = await holding();
    const before = row();
    await handOff();
    expect((await leader.update({ ...before, owner: NEXT }, { type: "assign", owner: NEXT })).type).toBe(
      "refused",
    );
    expect((await leader.update(row(), { type: "assign", owner: ME })).type).toBe("applied");
    expect(row()).toMatchObject({ owner: ME, checkpointOwner: undefined, ownerSwitches: 1 });
  });
});
