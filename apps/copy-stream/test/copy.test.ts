import { describe, expect, it } from "vitest";
import { createAggregator } from "@kinesis-connectors/wire";
import { checkCopy, type StreamRecord } from "../src/check.js";
import { run } from "../src/run.js";

const record = (partitionKey: string, text: string): StreamRecord => ({
  partitionKey,
  data: Buffer.from(text),
});
const put = [record("a", "1"), record("b", "2"), record("a", "3"), record("b", "4")];

describe("the comparison of two streams", () => {
  it("finds nothing when each key has its records in order, in whatever shards", () => {
    const landed = [
      ...put.filter(({ partitionKey }) => partitionKey === "b"),
      record("a", "1"),
      record("a", "3"),
    ];
    expect(checkCopy(put, landed)).toMatchObject({
      records: 4,
      landed: 4,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
    });
  });

  it("counts what is lost, what came twice, and what came behind a later one of its key", () => {
    const landed = [record("a", "3"), record("a", "1"), record("a", "3"), record("b", "2")];
    expect(checkCopy(put, landed)).toMatchObject({ lost: 1, duplicated: 1, outOfOrder: 1, landed: 4 });
  });

  it("tells a record under another key from the one that is missing", () => {
    expect(checkCopy(put, [...put.slice(1), record("b", "1")])).toMatchObject({ lost: 1 });
  });

  it("takes aggregates apart", () => {
    const aggregator = createAggregator();
    for (const each of put) aggregator.add(each);
    const aggregate = aggregator.flush();
    if (aggregate === undefined) throw new Error("nothing was added");
    expect(checkCopy(put, [aggregate])).toMatchObject({
      kinesisRecords: 1,
      landed: 4,
      lost: 0,
      outOfOrder: 0,
    });
  });
});

it.each([false, true])(
  "the whole way under faults: nothing lost, each key in order (aggregate: %s)",
  async (aggregate) => {
    const result = await run({ records: 3000, keys: 300, shards: 3, seed: 5, aggregate, faults: true });
    expect(result).toMatchObject({ records: 3000, lost: 0, outOfOrder: 0 });
    expect(result.faults).toBeGreaterThan(0);
  },
);
