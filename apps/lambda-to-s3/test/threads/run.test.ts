import { expect, test } from "vitest";
import { run } from "../../dist/run.js";

test("a function of real processes archives each click once, though some are killed and others go on when they were given up", async () => {
  const result = await run({ records: 2_000, shards: 1, seed: 2, batchSize: 250, kills: 1, freezes: 1 });
  expect(result).toMatchObject({ put: 2_000, lost: 0, duplicated: 0, phantom: 0, deadLetters: 4 });
  expect(result.kills + result.freezes).toBeGreaterThan(0);
  expect(result.processes).toBeGreaterThan(1);
});
