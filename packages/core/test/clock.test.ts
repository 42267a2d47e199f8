import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import {
  asError,
  compareSequenceNumbers,
  hasCode,
  KinesisConnectorError,
  sleep,
  systemClock,
  systemRandom,
} from "../src/index.js";
import { TransformsInFlight } from "../src/engine/scan/transforms-in-flight.js";
import { SeededRandom } from "./support/seeded-random.js";
import { VirtualClock } from "./support/virtual-clock.js";

describe("the machine's clock", () => {
  it("never goes back, and calls back once unless it is cancelled", async () => {
    const before = systemClock.monotonicNow();
    let calls = 0;
    systemClock.setTimer(1, () => (calls += 1)).cancel();
    await new Promise<void>((resolve) => {
      const timer = systemClock.setTimer(2, () => {
        calls += 1;
        resolve();
      });
      expect(typeof timer.cancel).toBe("function");
    });
    expect(calls).toBe(1);
    expect(systemClock.monotonicNow()).toBeGreaterThanOrEqual(before);
    // A delay past the limit of Node's timers would fire at once: it is cut instead.
    const far = systemClock.setTimer(2 ** 40, () => (calls += 1));
    await sleep(systemClock, 2);
    far.cancel();
    expect(calls).toBe(1);
  });

  it("comes with randomness in [0, 1) and version 4 UUIDs", () => {
    expect(systemRandom.next()).toBeLessThan(1);
    for (const random of [systemRandom, new SeededRandom(5)])
      expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("waiting", () => {
  it("leaves no listener and no timer behind, however it ends", async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const listeners = (): number => getEventListeners(abort.signal, "abort").length;
    await clock.run(sleep(clock, 100, abort.signal));
    await new TransformsInFlight(1000, clock, abort.signal).wait(Promise.resolve());
    await expect(
      new TransformsInFlight(1000, clock, abort.signal).wait(Promise.reject(new Error("no"))),
    ).rejects.toThrow("no");
    const never = new Promise<void>(() => undefined);
    await expect(
      clock.run(new TransformsInFlight(1000, clock, abort.signal).wait(never)),
    ).rejects.toMatchObject({
      code: "KC_TRANSFORM_TIMEOUT",
    });
    expect(listeners()).toBe(0);
    const waiting = [
      sleep(clock, 100, abort.signal),
      new TransformsInFlight(1000, clock, abort.signal).wait(never),
    ];
    expect(listeners()).toBe(2);
    abort.abort(new Error("stopped"));
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
    ]);
    expect(listeners()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    await sleep(clock, 100, abort.signal);
    await expect(new TransformsInFlight(1000, clock, abort.signal).wait(never)).rejects.toThrow("stopped");
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("the virtual clock", () => {
  it("fires timers when they fall due, those of a moment in the order they were set", async () => {
    const clock = new VirtualClock(0);
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
    clock.setTimer(20, note("late"));
    clock.setTimer(10, note("first"));
    clock.setTimer(10, note("second"));
    clock.setTimer(15, note("cancelled")).cancel();
    await clock.advance(9);
    expect(fired).toEqual([]);
    await clock.advance(100);
    expect(fired).toEqual(["first@10", "second@10", "late@20"]);
    expect(clock.monotonicNow()).toBe(109);
  });

  it("says so when everything waits for something that cannot happen", async () => {
    const clock = new VirtualClock();
    await expect(clock.run(new Promise(() => undefined))).rejects.toThrow("hangs");
  });
});

describe("errors and positions", () => {
  it("are recognised across copies of the package, by code and not by class", () => {
    const error = new KinesisConnectorError("KC_LEASE_LOST", "gone", { cause: new Error("why") });
    const copy = Object.defineProperty(
      Object.assign(new Error("gone"), { code: "KC_LEASE_LOST" }),
      Symbol.for("@kinesis-connectors/error"),
      { value: true },
    );
    for (const one of [error, copy]) expect(hasCode(one, "KC_LEASE_LOST")).toBe(true);
    for (const one of [error, new Error("KC_LEASE_LOST"), null, "KC_LEASE_LOST", undefined])
      expect(hasCode(one, "KC_EMIT_FAILED")).toBe(false);
    expect((error.cause as Error).message).toBe("why");
  });

  it("name no thrown value that is not an Error, because it may be a record", () => {
    expect(asError("secret payload").message).not.toContain("secret");
  });

  it("of several in one without words are told only where they are those of the system", () => {
    const part = (code: string) => Object.assign(new Error(`connect ${code}`), { code, syscall: "connect" });
    const several = asError(new AggregateError([part("ECONNREFUSED"), part("ETIMEDOUT")]));
    expect(several).toMatchObject({
      code: "ECONNREFUSED",
      message: "connect ECONNREFUSED; connect ETIMEDOUT",
    });
    expect(asError(new AggregateError([new Error("secret payload"), part("EIO")])).message).toBe("");
  });

  it("F73 compare sequence numbers as the integers they are, also past 2^53 and over a change of length", () => {
    expect(compareSequenceNumbers("9", "10")).toBeLessThan(0);
    expect(
      compareSequenceNumbers(
        "49590338271490256608559692538361571095921575989136588898",
        "49590338271490256608559692538361571095921575989136588899",
      ),
    ).toBeLessThan(0);
    expect(compareSequenceNumbers("7", "7")).toBe(0);
  });
});
