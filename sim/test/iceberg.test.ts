import { expect, test } from "vitest";
import { crashSchedules, runSchedule } from "../src/storm/crash-points.js";
import { run } from "../src/jobs.js";
import { simulate } from "../src/storm/storm.js";

/** Each takes as long as ten of other destinations: files and manifests are written as they are. */
const SEEDS = 8;

test("iceberg: nothing lost, nothing duplicated, with a catalog that conflicts, loses replies and answers late", async () => {
  const { totals, failed } = await run({
    kind: "seeds",
    emitter: "iceberg",
    from: 1,
    count: SEEDS,
    broken: undefined,
  });
  expect(failed).toEqual([]);
  expect(totals).toMatchObject({ seeds: SEEDS, lost: 0, duplicated: 0, violations: 0 });
  // A storm in which nothing happens proves nothing.
  for (const name of ["crashes", "pauses", "stops", "reshards", "faults"] as const)
    expect({ name, isOften: totals[name] > 2 }).toEqual({ name, isOften: true });
});

test("a batch that is in the table with the choice of another owner's filter stops a worker once and not for ever, seed 312", async () => {
  expect((await simulate(312, { emitter: "iceberg" })).violations).toEqual([]);
});

test("a commit that is applied whatever the table has become since loses what others added", async () => {
  const { violations } = await simulate(4, { emitter: "iceberg", broken: "unrequired", rarities: false });
  expect(new Set(violations.map(({ rule }) => rule))).toContain("duplicated");
  const { lost } = await simulate(8, { emitter: "iceberg", broken: "unrequired", rarities: false });
  expect(lost).toBeGreaterThan(0);
});

test("who commits again without looking where the table is adds a batch twice", async () => {
  let duplicated = 0;
  // Its answer has to be lost, or its process: about every other seed brings that about.
  for (let seed = 1; seed <= 40 && duplicated === 0; seed += 1)
    ({ duplicated } = await simulate(seed, { emitter: "iceberg", broken: "unlooked", rarities: false }));
  expect(duplicated).toBeGreaterThan(0);
});

test("a position that goes into the table in a commit of its own is missing after a crash between both", async () => {
  const schedules = crashSchedules("iceberg");
  const index = schedules.findIndex(
    ({ points: [point, ...others] }) =>
      point?.step === "UpdateTable" && point.blow === "applied" && others.length === 0,
  );
  const schedule = schedules[index];
  if (schedule === undefined) throw new Error("there is no such schedule");
  const sound = await runSchedule(schedule, index, { emitter: "iceberg" });
  expect([sound.duplicated, sound.blows]).toEqual([0, 1]);
  const broken = await runSchedule(schedule, index, { emitter: "iceberg", broken: "position-outside" });
  expect(broken.duplicated).toBeGreaterThan(0);
});
