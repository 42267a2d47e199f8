import { describe, expect, test } from "vitest";
import { run } from "../src/jobs.js";
import { simulate } from "../src/storm/storm.js";
import { BROKEN_FLEETS, type BrokenVariant } from "../src/storm/broken.js";
import { noticed } from "./noticed.js";

describe("a fleet in 3.x mode with modelled KCL workers, under seeded misfortunes", () => {
  test("24 seeds: nothing lost, nothing twice among ours, one owner at a time, nobody robbed, starved or forgotten", async () => {
    const { totals, failed } = await run({
      kind: "seeds",
      emitter: "s3",
      from: 1,
      count: 24,
      broken: undefined,
      fleet: "kcl3",
    });
    expect(failed).toEqual([]);
    expect(totals).toMatchObject({ seeds: 24, lost: 0, duplicated: 0, reordered: 0, violations: 0 });
    // A storm in which nothing happens proves nothing.
    for (const name of ["crashes", "pauses", "handoffs", "repeatedByKcl", "faults"] as const)
      expect({ name, isOften: totals[name] > 20 }).toEqual({ name, isOften: true });
  });

  // Seeds that once failed; what they found stays found.
  test.each([
    [
      93,
      "a leader that gives a lease to a worker that is gone, again and again, does not keep ours from taking it",
    ],
    [484, "what a leader has just given to another worker is not taken as an orphan"],
    [
      176,
      "a lease that comes back to its owner while that takes it is held from the moment it was looked at",
    ],
  ])("seed %i: %s", async (seed) => {
    expect((await simulate(seed, { fleet: "kcl3" })).violations).toEqual([]);
  });

  test("the same seed gives the same trace", async () => {
    const first = await simulate(7, { fleet: "kcl3" });
    expect(await simulate(7, { fleet: "kcl3" })).toEqual(first);
  });
});

describe("a member of such a fleet that is broken on purpose is noticed", () => {
  /** Where each is noticed first; a few more, for when something else changes what happens in them. */
  const FROM = new Map<BrokenVariant, number>([
    ["handoffs-ignored", 33],
    ["handoffs-not-awaited", 10],
    ["handoffs-discard", 36],
    ["assigns-unconditional", 10],
    ["unreported", 1],
  ]);
  const SEEDS = 60;

  test.each([...BROKEN_FLEETS])("%s: the rule that tells is %s", async (broken, rules) => {
    const range = { from: FROM.get(broken) ?? 1, seeds: SEEDS };
    expect(await noticed(rules, { broken, fleet: "kcl3" }, range)).not.toEqual([]);
  });
});
