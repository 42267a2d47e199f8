import { describe, expect, it } from "vitest";
import { definePipeline } from "@kinesis-connectors/core";
import { recordsOf, runPipeline } from "@kinesis-connectors/testkit";
import { checkReadings } from "../src/check.js";
import { batchedReadings, type Reading, readingsOfRecord } from "../src/readings.js";
import { run } from "../src/run.js";

const reading = (number: number, sensor = "s"): Reading => ({ sensor, number, celsius: 1 });

describe("records of many readings", () => {
  const pipeline = definePipeline({
    transformer: readingsOfRecord(),
    emitter: {
      capabilities: { duplicates: "none", ordering: "shard" },
      emit: (_batch: { readonly entries: readonly { readonly output: Reading }[] }) =>
        Promise.resolve({ failed: [] }),
    },
  });

  it("become one output per reading, in order; an empty array becomes none", async () => {
    const run = await runPipeline(
      pipeline,
      recordsOf([[reading(1), reading(2)], [], [reading(3)]].map((each) => JSON.stringify(each))),
    );
    expect(run.outputs.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it.each(["{}", "[1]", '[{"sensor":"s"}]', "[", "null"])("%s is poison", async (data) => {
    const { failure } = await runPipeline(pipeline, recordsOf([data]));
    expect(failure).toMatchObject({ code: "KC_RECORD_POISON" });
  });

  it("are generated the same for the same seed, with every number once", () => {
    const batches = [...batchedReadings(500, 20, 3)];
    expect([...batchedReadings(500, 20, 3)]).toEqual(batches);
    const numbers = batches.flatMap(({ readings }) => readings.map(({ number }) => number));
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, number) => number));
  });
});

describe("the check of the archive", () => {
  it("counts what is lost, doubled and out of order", () => {
    const expected = [1, 2, 3, 4].map((number) => reading(number));
    expect(checkReadings(expected, expected)).toEqual({
      readings: 4,
      landed: 4,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
    });
    expect(checkReadings(expected, [reading(1), reading(3), reading(2), reading(3)])).toMatchObject({
      lost: 1,
      duplicated: 1,
      outOfOrder: 1,
    });
  });
});

it("the whole way: every reading is in the archive once, in order", async () => {
  const result = await run({ readings: 3000, perRecord: 30, shards: 2, seed: 2 });
  expect(result).toMatchObject({ lost: 0, duplicated: 0, outOfOrder: 0 });
  expect(result.landed + result.frozen).toBe(3000);
  expect(result.frozen).toBeGreaterThan(0);
});
