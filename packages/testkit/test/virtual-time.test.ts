import { hasCode, type PreparedBatch, sleep } from "@kinesis-connectors/core";
import { memoryCheckpointer, seededRandom, virtualClock } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("a virtual clock", () => {
  it("fires timers in the order in which they fall due, for any delays", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1000), { maxLength: 30 }), async (delays) => {
        const clock = virtualClock();
        const fired: { readonly index: number; readonly atMs: number }[] = [];
        for (const [index, delayMs] of delays.entries())
          clock.setTimer(delayMs, () => fired.push({ index, atMs: clock.monotonicNow() }));
        await clock.advance(1000);
        const expected = delays
          .map((atMs, index) => ({ index, atMs }))
          .toSorted((one, other) => one.atMs - other.atMs || one.index - other.index);
        expect(fired).toEqual(expected);
        expect(clock.monotonicNow()).toBe(1000);
      }),
    );
  });

  it("starts where it is told to, and cancels", async () => {
    const clock = virtualClock(5000);
    const timer = clock.setTimer(10, () => expect.unreachable("it was cancelled"));
    timer.cancel();
    timer.cancel();
    expect(clock.pendingTimers()).toBe(0);
    await clock.advance(20);
    expect([clock.now(), clock.monotonicNow()]).toEqual([5020, 20]);
  });

  it("runs a promise to its end, and settles as it does", async () => {
    const clock = virtualClock();
    expect(await clock.run(sleep(clock, 86_000_000).then(() => clock.monotonicNow()))).toBe(86_000_000);
    await expect(clock.run(Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  });

  it("makes a hang visible: nothing left to happen, or too long", async () => {
    const clock = virtualClock();
    await expect(clock.run(new Promise<void>(() => undefined))).rejects.toThrow(/hangs at 0 ms/);
    await expect(clock.run(sleep(clock, 5000), 4999)).rejects.toThrow(/hangs at 0 ms/);
  });
});

describe("seeded randomness", () => {
  it("repeats itself by seed, stays within [0, 1), and makes version 4 UUIDs", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [one, other] = [seededRandom(seed), seededRandom(seed)];
        for (let count = 0; count < 20; count += 1) {
          const value = one.next();
          expect(value).toBe(other.next());
          expect(value >= 0 && value < 1).toBe(true);
        }
        const uuid = one.uuid();
        expect(uuid).toBe(other.uuid());
        expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
    expect(seededRandom(1).next()).not.toBe(seededRandom(2).next());
  });
});

describe("a checkpointer in memory", () => {
  const at = (sequenceNumber: string) => ({ sequenceNumber, subSequenceNumber: 0 });
  const batch = (batchId: string): PreparedBatch => ({
    v: 1,
    batchId,
    first: at("1"),
    last: at("2"),
    recordCount: 2,
    filtered: 0,
    deadLettered: 0,
  });

  it("keeps what is prepared and committed, and takes up what an earlier owner left", async () => {
    const checkpointer = memoryCheckpointer({ checkpoint: at("0"), pending: undefined });
    await checkpointer.prepare(batch("one"));
    expect(await checkpointer.load()).toEqual({ checkpoint: at("0"), pending: batch("one") });
    await checkpointer.commit(at("2"));
    expect(checkpointer.progress()).toEqual({ checkpoint: at("2"), pending: undefined });
    expect(checkpointer.prepared).toEqual([batch("one")]);
    expect(checkpointer.checkpoints).toEqual([at("2")]);
  });

  it("refuses a checkpoint that goes back, and a batch over one that was not committed", async () => {
    const checkpointer = memoryCheckpointer({ checkpoint: at("10"), pending: batch("one") });
    await expect(checkpointer.prepare(batch("two"))).rejects.toThrow(/never committed/);
    await expect(checkpointer.commit(at("9"))).rejects.toThrow(/goes back/);
    expect(checkpointer.progress().pending).toEqual(batch("one"));
  });

  it("refuses everything once the lease is lost", async () => {
    const checkpointer = memoryCheckpointer();
    checkpointer.loseLease();
    for (const call of [
      checkpointer.load(),
      checkpointer.prepare(batch("one")),
      checkpointer.commit(at("1")),
    ]) {
      const error: unknown = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(hasCode(error, "KC_LEASE_LOST")).toBe(true);
    }
    expect(checkpointer.checkpoints).toEqual([]);
  });
});
