import { expect, it } from "vitest";
import { run } from "../../dist/run.js";

it("the table is what the stream says, though the worker is killed in the middle of its work", async () => {
  const result = await run({ records: 2_000, shards: 2, seed: 1, kills: 1 });
  expect(result).toMatchObject({
    put: 2_000,
    landed: 1_996,
    lost: 0,
    duplicated: 0,
    wrong: 0,
    deadLetters: 4,
    kills: 1,
  });
});
