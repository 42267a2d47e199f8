import { expect, it } from "vitest";
import { run } from "../src/run.js";

it("every order is in the table once, as a reader that others made sees it", async () => {
  const result = await run({ records: 1_000, shards: 2, seed: 7, writers: 1, kills: 0, python: false });
  expect(result).toMatchObject({
    put: 1_000,
    read: [{ reader: "icebird (Node alone)", rows: 1_000, lost: 0, duplicated: 0 }],
    missing: [],
  });
});
