import { expect, test } from "vitest";
import { seededRandom, virtualClock } from "../src/clock.js";
import { isFaultEffect } from "../src/fault-effects.js";
import { createFaults } from "../src/faults.js";
import { createJournal } from "../src/journal.js";

const call = { server: "s3", operation: "PutObject", parameters: {}, applied: true, status: 200 } as const;

test("the journal keeps the newest entries and numbers them all", () => {
  const clock = virtualClock(5);
  const journal = createJournal({ clock, maxEntries: 10 });
  for (let index = 0; index < 35; index += 1)
    journal.record({ ...call, operation: index % 2 ? "PutObject" : "GetObject" });
  expect(journal.entries().map((entry) => entry.number)).toEqual([26, 27, 28, 29, 30, 31, 32, 33, 34, 35]);
  expect(journal.entries({ operation: "PutObject", after: 31 }).map((entry) => entry.number)).toEqual([
    32, 34,
  ]);
  expect(journal.entries({ server: "kinesis" })).toEqual([]);
  expect(journal.entries()[0]?.at).toBe(5);
  const seen = journal.last();
  journal.clear();
  journal.record(call);
  expect(journal.entries({ after: seen }).map((entry) => entry.number)).toEqual([36]);
});

test("chances come from the seed: the same rules fire on the same calls", () => {
  const fires = (seed: number) => {
    const faults = createFaults({ clock: virtualClock(), random: seededRandom(seed) });
    faults.add({ probability: 0.3, times: "always", effect: { kind: "reply-lost" } });
    return Array.from({ length: 200 }, () => faults.take(call).length);
  };
  expect(fires(1)).toEqual(fires(1));
  expect(fires(1)).not.toEqual(fires(2));
  const count = fires(1).reduce((sum, fired) => sum + fired, 0);
  expect(count).toBeGreaterThan(30);
  expect(count).toBeLessThan(90);
});

test("a lost reply is always after the change, whatever the rule says", () => {
  const faults = createFaults({ clock: virtualClock(), random: seededRandom(1) });
  faults.add({ phase: "before", effect: { kind: "reply-lost" } });
  expect(faults.take(call)).toMatchObject([{ phase: "after" }]);
});

test("an effect needs a known kind and its fields", () => {
  expect(isFaultEffect({ kind: "delay", delayMs: 1 })).toBe(true);
  expect(isFaultEffect({ kind: "delay" })).toBe(false);
  expect(isFaultEffect({ kind: "toString" })).toBe(false);
  expect(isFaultEffect(null)).toBe(false);
});

test("timers of the virtual clock fire in order, each at its own moment, unless cancelled", async () => {
  const clock = virtualClock(0);
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name} at ${clock.now()}`);
  clock.setTimer(20, note("b"));
  clock.setTimer(10, () => {
    note("a")();
    clock.setTimer(5, note("nested"));
  });
  clock.setTimer(15, note("cancelled")).cancel();
  await clock.advance(19);
  expect(fired).toEqual(["a at 10", "nested at 15"]);
  await clock.advance(1);
  expect(fired).toEqual(["a at 10", "nested at 15", "b at 20"]);
});

test.each([
  [{ opertion: "PutObject" }, "a fault rule has no option opertion: did you mean operation?"],
  [{ effect: { kind: "error", status: 500, code: "X", mesage: "m" } }, "did you mean message?"],
  [{ effect: { kind: "delay", delayMs: 1, colour: 1 } }, "there are kind, delayMs"],
])("a rule with %j is refused: it would fire on other calls than was meant", (odd, message) => {
  const faults = createFaults({ clock: virtualClock(), random: seededRandom(1) });
  const rule = { effect: { kind: "reply-lost" }, ...odd } as never;
  expect(() => faults.add(rule)).toThrow(
    expect.objectContaining({ code: "KC_LOCAL_BAD_OPTION", message: expect.stringContaining(message) }),
  );
  expect(faults.list()).toEqual([]);
});
