import { type FleetTable, memoryLeases, type MemoryLeases } from "@kinesis-connectors/leases";
import { seededRandom } from "@kinesis-connectors/testkit";
import { describe, expect, test } from "vitest";
import { FleetLock } from "../../../src/worker/fleet3/leader-lock.js";
import { type ProcessClock, VirtualClock } from "../../support/virtual-clock.js";

const LEASE = 30_000;
const STEP = 10_000;

interface Contender {
  readonly lock: FleetLock;
  readonly clock: ProcessClock;
}

class Contest {
  readonly time = new VirtualClock();
  readonly leases: MemoryLeases = memoryLeases();
  readonly fleet: FleetTable;
  #count = 0;

  constructor() {
    const { fleet } = this.leases.connect();
    if (fleet === undefined) throw new Error("no fleet");
    this.fleet = fleet;
  }

  contender(more: Partial<FleetTable> = {}): Contender {
    const clock = this.time.process();
    const ownerId = `w${this.#count++}`;
    const random = seededRandom(this.#count);
    return {
      clock,
      lock: new FleetLock({ fleet: { ...this.fleet, ...more }, ownerId, clock, random, leaseMs: LEASE }),
    };
  }
}

const atOnce = (): Promise<number> => Promise.resolve(0);

describe("the lock of a fleet's leader", () => {
  test("the first to come gets it at once, and keeps it for as long as it shows itself", async () => {
    const { time, contender } = bound(new Contest());
    const [a, b] = [contender(), contender()];
    expect(await a.lock.step(atOnce)).toBe(true);
    for (let step = 0; step < 20; step += 1) {
      expect(await b.lock.step(atOnce)).toBe(false);
      expect(await a.lock.step(atOnce)).toBe(true);
      await time.advance(STEP);
    }
  });

  test("K25 a leader that does not show itself is replaced after its time, not before, and knows by itself that it leads no more", async () => {
    const { time, contender } = bound(new Contest());
    const [a, b] = [contender(), contender()];
    await a.lock.step(atOnce);
    for (let passedMs = 0; passedMs <= LEASE; passedMs += STEP) {
      expect(await b.lock.step(atOnce)).toBe(false);
      await time.advance(STEP);
    }
    expect(a.lock.isHeld).toBe(false);
    expect(await b.lock.step(atOnce)).toBe(true);
    expect(await a.lock.step(atOnce)).toBe(false);
    expect(await a.lock.step(atOnce)).toBe(false);
    expect([a.lock.isHeld, b.lock.isHeld]).toEqual([false, true]);
  });

  test("a lock counts for as long as its own row says, which KCL workers set to two minutes", async () => {
    const contest = new Contest();
    const { time, contender } = bound(contest);
    contest.leases.leaderLock = { ownerId: "java", version: "1", leaseMs: 120_000, isReleased: false };
    const { lock } = contender();
    for (let passedMs = 0; passedMs <= 120_000; passedMs += STEP) {
      expect(await lock.step(atOnce)).toBe(false);
      await time.advance(STEP);
    }
    expect(await lock.step(atOnce)).toBe(true);
  });

  test("it is not taken sooner than the caller's patience says, and the caller is asked only where it could be had", async () => {
    const contest = new Contest();
    const { time, contender } = bound(contest);
    const { lock } = contender();
    let asked = 0;
    const patient = (): Promise<number> => {
      asked += 1;
      return Promise.resolve(60_000);
    };
    for (let passedMs = 0; passedMs <= 60_000; passedMs += STEP) {
      expect(await lock.step(patient)).toBe(false);
      await time.advance(STEP);
    }
    expect(await lock.step(patient)).toBe(true);
    const before = asked;
    await lock.step(patient);
    expect(asked).toBe(before);
  });

  test("given back it is had by another at once", async () => {
    const { contender } = bound(new Contest());
    const [a, b] = [contender(), contender()];
    await a.lock.step(atOnce);
    await a.lock.release();
    expect([a.lock.isHeld, await b.lock.step(atOnce)]).toEqual([false, true]);
    await a.lock.release();
    expect(b.lock.isHeld).toBe(true);
    expect(await b.lock.step(atOnce)).toBe(true);
  });

  test.each(["takeLock", "keepLock"] as const)(
    "F04 the answer to %s is lost and its repetition refused: the lock is ours all the same",
    async (name) => {
      const contest = new Contest();
      let isLost = true;
      const { lock } = contest.contender({
        [name]: async (...given: readonly [never, never]) => {
          const isApplied = await contest.fleet[name](...given);
          if (!isLost || !isApplied) return isApplied;
          isLost = false;
          return await contest.fleet[name](...given);
        },
      });
      expect(await lock.step(atOnce)).toBe(true);
      expect(await lock.step(atOnce)).toBe(true);
      expect(lock.isHeld).toBe(true);
      expect(isLost).toBe(false);
    },
  );

  test("F04 a sign of life whose outcome is not known is found in the row by the next step", async () => {
    const contest = new Contest();
    let fails = 0;
    const { lock } = contest.contender({
      keepLock: async (mine, version) => {
        if (fails++ > 0) return await contest.fleet.keepLock(mine, version);
        await contest.fleet.keepLock(mine, version);
        throw new Error("no answer");
      },
    });
    await lock.step(atOnce);
    await expect(lock.step(atOnce)).rejects.toThrow("no answer");
    await lock.step(atOnce);
    expect([await lock.step(atOnce), lock.isHeld]).toEqual([true, true]);
  });

  test("K17 given back while a sign of life is under way, it is not kept", async () => {
    const contest = new Contest();
    let resolve = (): void => undefined;
    const promise = new Promise<void>((go) => {
      resolve = go;
    });
    const { lock } = contest.contender({
      keepLock: async (mine, version) => {
        await promise;
        return await contest.fleet.keepLock(mine, version);
      },
    });
    await lock.step(atOnce);
    const keeping = lock.step(atOnce);
    const releasing = lock.release();
    resolve();
    expect(await keeping).toBe(false);
    await releasing;
    expect([lock.isHeld, contest.leases.leaderLock]).toEqual([false, undefined]);
  });
});

function bound(contest: Contest) {
  return { time: contest.time, contender: () => contest.contender() };
}
