import { describe, expect, it } from "vitest";
import { isRight, readingsOf, totalsOf } from "../src/readings.js";
import { run } from "../src/run.js";

describe("the check of the table", () => {
  const readings = [...readingsOf(50, 1)];
  const put = totalsOf(readings);

  it("is right when each reading stands there once, and finds one that is missing or twice", () => {
    expect(isRight(put, totalsOf(readings.toReversed()))).toBe(true);
    expect(isRight(put, totalsOf(readings.slice(1)))).toBe(false);
    expect(isRight(put, { ...totalsOf([...readings.slice(0, -1), ...readings.slice(0, 1)]), ids: 49 })).toBe(
      false,
    );
  });
});

it("the whole way: both stages, each object and each reading once", async () => {
  const result = await run({ records: 3_000, shards: 2, seed: 7 });
  expect(result.landed).toEqual(result.put);
  expect(result.loaded).toBe(result.objects);
  expect(result.loads).toBeLessThanOrEqual(result.objects);
});
