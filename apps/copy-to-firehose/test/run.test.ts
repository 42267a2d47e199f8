import { expect, it } from "vitest";
import { run } from "../src/run.js";

it("loses nothing while entries are refused and replies lost", async () => {
  const result = await run({ records: 400, keys: 40, shards: 2, seed: 3, faults: true });
  expect(result.faults).toBeGreaterThan(0);
  expect(result.kept).toBeGreaterThan(100);
  expect(result).toMatchObject({ lost: 0, wrong: 0 });
});
