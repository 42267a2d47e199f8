import { describe, expect, test } from "vitest";
import { run } from "../src/jobs.js";
import { BROKEN_FUNCTIONS, type BrokenVariant } from "../src/storm/broken.js";
import { simulate } from "../src/storm/storm.js";
import { noticed } from "./noticed.js";

describe("a function on an event source mapping, under seeded misfortunes", () => {
  test("12 seeds: nothing lost, nothing twice, and nothing is written by an invocation that has answered", async () => {
    const { totals, failed } = await run({
      kind: "seeds",
      emitter: "s3",
      from: 1,
      count: 12,
      broken: undefined,
      driver: "lambda",
    });
    expect(failed).toEqual([]);
    expect(totals).toMatchObject({ seeds: 12, lost: 0, duplicated: 0, reordered: 0, violations: 0 });
    // A storm in which nothing happens proves nothing.
    for (const name of ["crashes", "pauses", "reshards", "inherited", "faults", "stopDeadlines"] as const)
      expect({ name, isOften: totals[name] > 2 }).toEqual({ name, isOften: true });
  });

  test("the same seed gives the same trace", async () => {
    const first = await simulate(3, { driver: "lambda" });
    expect(await simulate(3, { driver: "lambda" })).toEqual(first);
  });
});

describe("a function that is broken on purpose is noticed", () => {
  const variants: readonly (readonly [BrokenVariant, readonly string[]])[] = [
    ...BROKEN_FUNCTIONS,
    ["no-prepare", ["I2", "duplicated"]],
    ["unconditional-write", ["I2", "I5", "I6", "I7", "duplicated"]],
  ];
  const SEEDS = 30;

  test.each(variants)("%s", async (broken, rules) => {
    expect(await noticed(rules, { driver: "lambda", broken }, { seeds: SEEDS })).not.toEqual([]);
  });
});
