import { expect, it } from "vitest";
import { run } from "../../dist/run.js";

it("every order is in the table once, though two writers commit to it and one of them is killed", async () => {
  const result = await run({ records: 2_000, shards: 4, seed: 1, writers: 2, kills: 1, python: false });
  expect(result.read).toEqual([{ reader: "icebird (Node alone)", rows: 2_000, lost: 0, duplicated: 0 }]);
  expect(result.commits).toBeGreaterThan(1);
});
