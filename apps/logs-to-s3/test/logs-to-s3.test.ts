import { expect, it } from "vitest";
import { checkLogs } from "../src/check.js";
import { run } from "../src/run.js";

it("every log event is in the archive once, and what was cut short is a dead letter", async () => {
  const result = await run({ events: 5000, shards: 2, seed: 1 });
  expect(result).toMatchObject({ lost: 0, duplicated: 0, landed: result.events });
  expect(result.damaged).toBeGreaterThan(0);
  expect(result.deadLetters).toBe(result.damaged);
  expect(result.controlMessages).toBeGreaterThan(0);
});

it("the check counts what is lost and doubled", () => {
  expect(checkLogs(["1", "2", "3"], ["1", "3", "3"])).toEqual({
    events: 3,
    landed: 3,
    lost: 1,
    duplicated: 1,
  });
});
