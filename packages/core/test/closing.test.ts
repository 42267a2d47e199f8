import { expect, it } from "vitest";
import { closeLimitMs, Closing, hasCode } from "../src/index.js";
import { VirtualClock } from "./support/virtual-clock.js";

const never = new Promise<void>(() => undefined);

it("closes in the opposite order, also behind what fails and what hangs, within the limit, and tells the first failure", async () => {
  const clock = new VirtualClock();
  const closing = new Closing(clock);
  const closed: string[] = [];
  closing.add(() => void closed.push("ours"));
  closing.addForeign("the table", () => void closed.push("table"));
  closing.addForeign("the pipeline's emitter", () => {
    closed.push("emitter");
    return never;
  });
  closing.addForeign("the pipeline's deadLetters", () => {
    closed.push("deadLetters");
    return Promise.reject(new Error("later"));
  });
  closing.addForeign("the first", () => {
    closed.push("first");
    return never;
  });
  const over = closing.close(1_000);
  await clock.advance(999);
  expect(closed).toEqual(["first"]);
  await clock.advance(1);
  const failure = await over;
  expect(closed).toEqual(["first", "deadLetters", "emitter", "table", "ours"]);
  expect(hasCode(failure, "KC_STOP_DEADLINE")).toBe(true);
  expect(failure?.message).toContain("the first did not close within 1000 ms");
  expect(await closing.close(1_000)).toBeUndefined();
  expect(closed).toHaveLength(5);
});

it("what closes in time leaves no timer behind", async () => {
  const clock = new VirtualClock();
  let pending = 0;
  const counting = {
    now: clock.now,
    monotonicNow: clock.monotonicNow,
    setTimer: (delayMs: number, callback: () => void) => {
      pending += 1;
      const timer = clock.setTimer(delayMs, callback);
      return {
        cancel: () => {
          pending -= 1;
          timer.cancel();
        },
      };
    },
  };
  const closing = new Closing(counting);
  closing.addForeign("the pipeline's emitter", () => Promise.resolve());
  expect(await closing.close(1_000)).toBeUndefined();
  expect(pending).toBe(0);
});

it.each([
  ["all of it where nobody asked for a stop", 30_000, undefined, 30_000],
  ["what the stop left", 30_000, 10_000, 20_000],
  ["five seconds where the stop left less", 30_000, 29_000, 5_000],
  ["the deadline where that is less than five seconds", 200, 100, 200],
])("the limit of closing is %s", async (_, stopDeadlineMs, usedMs, limitMs) => {
  const clock = new VirtualClock();
  const sinceMs = usedMs === undefined ? undefined : clock.monotonicNow();
  await clock.advance(usedMs ?? 0);
  expect(closeLimitMs(clock, stopDeadlineMs, sinceMs)).toBe(limitMs);
});
