import { describe, expect, test } from "vitest";
import { run } from "../src/jobs.js";
import { simulate } from "../src/storm/storm.js";
import { BROKEN_STEERING, type BrokenVariant } from "../src/storm/broken.js";
import { noticed } from "./noticed.js";

describe("shards that somebody pauses, resumes and resets, under seeded misfortunes", () => {
  test("30 seeds: never a checkpoint that nobody asked for, nothing lost, nothing delivered twice but what a reset goes back to", async () => {
    const { totals, failed } = await run({
      kind: "seeds",
      emitter: "s3",
      from: 1,
      count: 30,
      broken: undefined,
      steer: true,
    });
    expect(failed).toEqual([]);
    expect(totals).toMatchObject({ seeds: 30, lost: 0, duplicated: 0, reordered: 0, violations: 0 });
    // A storm in which nothing happens proves nothing.
    for (const name of ["shardPauses", "resets", "resetRefusals", "crashes", "inherited"] as const)
      expect({ name, isOften: totals[name] > 10 }).toEqual({ name, isOften: true });
  });

  test("pauses alone leave every rule as it is: 0 lost, 0 duplicated, also where a reset would excuse it", async () => {
    for (const seed of [1, 3, 5]) {
      const result = await simulate(seed, { steer: true });
      expect(result).toMatchObject({ lost: 0, duplicated: 0, resets: 0, violations: [] });
      expect(result.shardPauses).toBeGreaterThan(0);
    }
  });

  /** Where those that are noticed late are noticed first; as many more as all others have, for when something else changes what happens in them. */
  const FROM = new Map<BrokenVariant, number>([
    ["resets-unconditional", 12],
    ["foreign-rows-believed", 38],
  ]);

  test.each([...BROKEN_STEERING])("%s is noticed, by one of %s", async (broken, rules) => {
    const range = { from: FROM.get(broken) ?? 1, seeds: 200 };
    expect(await noticed(rules, { broken, steer: true }, range)).not.toEqual([]);
    // What was broken is whole again.
    expect((await simulate(2, { steer: true })).violations).toEqual([]);
  });
});
