import { expect, it } from "vitest";
import { run } from "../../dist/run.js";

it("the index is what the table is, though the worker is killed in the middle of its work", async () => {
  const result = await run({ changes: 2_000, shards: 2, seed: 1, faults: false, kills: 1 });
  expect(result).toMatchObject({ wrong: 0, unexpected: 0, kills: 1 });
  expect(result.inTable).toBeGreaterThan(0);
});
