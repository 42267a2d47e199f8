import { describe, expect, test } from "vitest";
import { run } from "../src/jobs.js";
import { BROKEN_CHILDREN, type BrokenVariant } from "../src/storm/broken.js";
import { simulate } from "../src/storm/storm.js";
import { noticed } from "./noticed.js";

describe("children of modelled MultiLangDaemons, under seeded misfortunes", () => {
  test("16 seeds: nothing lost, nothing twice, and the daemons' rows are never ahead of the journal", async () => {
    const { totals, failed } = await run({
      kind: "seeds",
      emitter: "s3",
      from: 1,
      count: 16,
      broken: undefined,
      driver: "kcl",
    });
    expect(failed).toEqual([]);
    expect(totals).toMatchObject({ seeds: 16, lost: 0, duplicated: 0, reordered: 0, violations: 0 });
    // A storm in which nothing happens proves nothing.
    for (const name of ["crashes", "pauses", "stops", "reshards", "inherited", "faults"] as const)
      expect({ name, isOften: totals[name] > 5 }).toEqual({ name, isOften: true });
  });

  test.each([
    [60, "a shard at whose end another child has the row is not told to be dealt with before it is"],
    [28, "a row that others take as quickly is taken once more"],
  ])("seed %i: %s", async (seed) => {
    expect((await simulate(seed, { driver: "kcl" })).violations).toEqual([]);
  });

  test("the same seed gives the same trace", async () => {
    const first = await simulate(7, { driver: "kcl" });
    expect(await simulate(7, { driver: "kcl" })).toEqual(first);
  });
});

describe("a child that is broken on purpose is noticed", () => {
  const variants: readonly (readonly [BrokenVariant, readonly string[]])[] = [
    ...BROKEN_CHILDREN,
    ["no-prepare", ["I2", "duplicated"]],
    ["recovery-discards", ["I2", "duplicated"]],
    ["unconditional-write", ["I2", "I5", "I6", "I7", "duplicated"]],
  ];
  const SEEDS = 40;

  test.each(variants)("%s", async (broken, rules) => {
    expect(await noticed(rules, { driver: "kcl", broken }, { seeds: SEEDS })).not.toEqual([]);
  });
});
