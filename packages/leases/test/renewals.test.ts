import { describe, expect, test } from "vitest";
import { changed, HeldLease, leaseCheckpointer, memoryLeases, type TableCall } from "../src/index.js";
import { leaseWith } from "./support/leases.js";
import { SeededRandom } from "./support/seeded-random.js";
import { VirtualClock } from "./support/virtual-clock.js";

const F = 10_000;
const RENEW_AFTER_MS = 3_000;
const ME = "me:1";

function at(sequenceNumber: number) {
  return { sequenceNumber: `${sequenceNumber}`, subSequenceNumber: 0 };
}

/** A lease of `s0`, taken at time 0, whose renewals are spared while a write is young. */
function holding() {
  const clock = new VirtualClock();
  const leases = memoryLeases();
  const calls: TableCall[] = [];
  const taken = changed(leaseWith("s0"), { type: "take", owner: ME });
  leases.rows.set("s0", taken);
  const startedMs = clock.monotonicNow();
  const quiet = (): void => undefined;
  const held = new HeldLease(taken, startedMs, {
    table: leases.connect((call) => {
      calls.push(call);
      return setup.isDown ? { type: "throttle" } : undefined;
    }),
    ownerId: ME,
    clock,
    random: new SeededRandom(1),
    failoverTimeMs: F,
    renewAfterMs: RENEW_AFTER_MS,
    lost: quiet,
  });
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const setup = {
    clock,
    held,
    checkpointer: leaseCheckpointer(held, logger),
    isDown: false,
    row: () => leases.rows.get("s0"),
    writes: () => calls.flatMap(({ change }) => (change === undefined ? [] : [change.type])),
  };
  return setup;
}

describe("a renewal", () => {
  test("is not written while the last applied write is young, whatever that was", async () => {
    const { clock, held, checkpointer, writes } = holding();
    await clock.run(held.renew());
    expect(writes()).toEqual([]);
    await clock.advance(RENEW_AFTER_MS);
    await clock.run(checkpointer.commit(at(5)));
    await clock.advance(RENEW_AFTER_MS - 1);
    await clock.run(held.renew());
    expect(writes()).toEqual(["commit"]);
    await clock.advance(1);
    await clock.run(held.renew());
    expect(writes()).toEqual(["commit", "renew"]);
    expect(held.renewalCount).toBe(1);
    expect(held.unrenewedMs).toBe(0);
    await clock.advance(RENEW_AFTER_MS - 1);
    await clock.run(held.renew());
    expect(held.renewalCount).toBe(1);
    expect(held.unrenewedMs).toBe(RENEW_AFTER_MS - 1);
  });

  test("is written although a write is under way for long that was not applied", async () => {
    const setup = holding();
    const { clock, held, checkpointer, writes } = setup;
    setup.isDown = true;
    const committing = checkpointer.commit(at(5));
    await clock.advance(RENEW_AFTER_MS);
    setup.isDown = false;
    await clock.run(committing);
    // That commit renewed it.
    await clock.run(held.renew());
    expect(writes()).not.toContain("renew");
  });
});

describe("until when a shard was read", () => {
  test("rides along with a commit, which spares the renewal that would say it", async () => {
    const { clock, held, checkpointer, row } = holding();
    held.noteReadThrough(5_000);
    await clock.run(checkpointer.commit(at(5)));
    expect(row()?.readThroughMs).toBe(5_000);
    held.noteReadThrough(4_000);
    await clock.run(checkpointer.commit(at(6)));
    expect(row()?.readThroughMs).toBe(5_000);
    expect(held.lease).toEqual(row());
  });

  test("waits for the next renewal when nothing is committed", async () => {
    const { clock, held, row } = holding();
    held.noteReadThrough(5_000);
    await clock.run(held.renew());
    expect(row()?.readThroughMs).toBeUndefined();
    await clock.advance(RENEW_AFTER_MS);
    await clock.run(held.renew());
    expect(row()?.readThroughMs).toBe(5_000);
  });
});

describe("an overdue lease", () => {
  test("is lost by the clock alone, before anything else is asked", async () => {
    const { clock, held, checkpointer, writes } = holding();
    await clock.advance(F - 1);
    expect(() => checkpointer.requireHeld?.()).not.toThrow();
    await clock.advance(1);
    expect(() => checkpointer.requireHeld?.()).toThrow(expect.objectContaining({ code: "KC_LEASE_LOST" }));
    expect(held.gone.aborted).toBe(true);
    expect(writes()).toEqual([]);
  });
});
