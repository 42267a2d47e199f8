import { describe, expect, it } from "vitest";
import { checkTarget } from "../src/check.js";
import { run } from "../src/run.js";

const reading = (number: number, celsius = 20) => ({ sensor: "a", number, celsius });

describe("the comparison", () => {
  it("counts what is lost, what came twice, and what should not be there", () => {
    const put = [reading(1), reading(2), reading(3), reading(4, 5)];
    const landed = [reading(3), reading(1), reading(1), reading(4, 5)];
    expect(checkTarget(put, landed)).toEqual({
      put: 4,
      kept: 3,
      landed: 4,
      lost: 1,
      duplicated: 1,
      wrong: 1,
    });
  });
});

it("loses nothing while entries are refused and replies lost", async () => {
  const result = await run({ records: 400, keys: 40, shards: 2, seed: 3, faults: true });
  expect(result.faults).toBeGreaterThan(0);
  expect(result.kept).toBeGreaterThan(100);
  expect(result).toMatchObject({ lost: 0, wrong: 0 });
});
