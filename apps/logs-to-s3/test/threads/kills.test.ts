import { expect, it } from "vitest";
import { run } from "../../dist/run.js";

it("every log event is in the archive once, though a worker is killed in the middle of its work", async () => {
  const result = await run({ events: 4_000, shards: 2, seed: 1, kills: 1 });
  expect(result).toMatchObject({ lost: 0, duplicated: 0, landed: result.events, kills: 1 });
  expect(result.deadLetters).toBe(result.damaged);
});
