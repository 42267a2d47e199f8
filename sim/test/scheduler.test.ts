import { describe, expect, test } from "vitest";
import { EventQueue, type QueuedEvent } from "../src/world/event-queue.js";
import { SeededRandom } from "../src/world/random.js";
import { Scheduler, settled } from "../src/world/scheduler.js";
import { SimProcess } from "../src/world/sim-process.js";
import * as fc from "fast-check";

const never = (): boolean => false;

async function deepChain(depth: number, note: () => void): Promise<void> {
  for (let left = depth; left > 0; left -= 1) await Promise.resolve();
  note();
}

describe("virtual time", () => {
  test("every promise that an event settles is followed to its end before the next event", async () => {
    const scheduler = new Scheduler(new SeededRandom(1));
    const order: string[] = [];
    scheduler.after(1, undefined, () => {
      order.push("first");
      void deepChain(1_000, () => void order.push("end of a thousand promises"));
    });
    scheduler.after(1, undefined, () => void order.push("x"));
    scheduler.after(2, undefined, () => void order.push("last"));
    await scheduler.runUntil(10, never);
    const end = order.indexOf("end of a thousand promises");
    expect(order[end - 1]).toBe("first");
    expect(order.at(-1)).toBe("last");
    expect(scheduler.nowMs).toBe(2);
  });

  test("promise jobs are done when the turn is settled, also those of a thenable in a thenable", async () => {
    let isDone = false;
    void deepChain(500, () => {
      void Promise.resolve(deepChain(500, () => (isDone = true)));
    });
    await settled();
    expect(isDone).toBe(true);
  });

  test("a crashed process gets neither timers nor anything else, a paused one gets all of it when it goes on", async () => {
    const scheduler = new Scheduler(new SeededRandom(2));
    const crashed = new SimProcess("a", scheduler, 1);
    const paused = new SimProcess("b", scheduler, 2);
    const fired: string[] = [];
    for (const process of [crashed, paused])
      process.clock.setTimer(10, () => void fired.push(`${process.name} ${scheduler.nowMs}`));
    const cancelled = paused.clock.setTimer(12, () => void fired.push("cancelled"));
    scheduler.after(5, undefined, () => {
      crashed.crash();
      paused.pause();
    });
    scheduler.after(50, undefined, () => {
      cancelled.cancel();
      paused.resume();
    });
    await scheduler.runUntil(100, never);
    expect(fired).toEqual(["b 50"]);
  });

  test("the wall clock of a process jumps alone", () => {
    const process = new SimProcess("a", new Scheduler(new SeededRandom(1)), 1);
    const wallMs = process.clock.now();
    const monotonicMs = process.clock.monotonicNow();
    process.jumpWallClock(-3_600_000);
    expect(process.clock.now()).toBe(wallMs - 3_600_000);
    expect(process.clock.monotonicNow()).toBe(monotonicMs);
  });
});

describe("the queue of events", () => {
  test("gives events in the order of time, tie-break and id, whatever the order they came in", () => {
    const event = fc.record({ atMs: fc.nat(20), tieBreak: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const queue = new EventQueue<QueuedEvent>();
        const queued = events.map((one, id) => ({ ...one, id }));
        for (const one of queued) queue.push(one);
        const popped: QueuedEvent[] = [];
        for (let one = queue.pop(); one !== undefined; one = queue.pop()) popped.push(one);
        expect(popped).toEqual(
          queued.toSorted((a, b) => a.atMs - b.atMs || a.tieBreak - b.tieBreak || a.id - b.id),
        );
        expect(queue.size).toBe(0);
      }),
    );
  });
});

describe("seeded randomness", () => {
  test("draws numbers in [0, 1), the same for the same seed, others for its neighbour", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const [one, same, neighbour] = [
          new SeededRandom(seed),
          new SeededRandom(seed),
          new SeededRandom(seed + 1),
        ];
        const draw = (random: SeededRandom): number[] => Array.from({ length: 8 }, () => random.next());
        const drawn = draw(one);
        expect(drawn).toEqual(draw(same));
        expect(drawn).not.toEqual(draw(neighbour));
        expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
        expect(one.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
      { numRuns: 50 },
    );
  });
});
