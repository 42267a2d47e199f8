import { expect, it } from "vitest";
import { startLocalAws } from "@kinesis-connectors/local";
import { checkIndex } from "../src/check.js";
import { run } from "../src/run.js";

it.each([false, true])("each record is one document, found by its id (faults: %s)", async (faults) => {
  const result = await run({ records: 3_000, shards: 2, seed: 1, faults });
  expect(result).toMatchObject({ records: 3_000, count: 3_000, missing: 0 });
  expect(result.faults > 0).toBe(faults);
});

it("the check finds a document that is missing and one too many", async () => {
  await using aws = await startLocalAws({ kinesis: false, s3: false, dynamodb: false });
  const node = aws.endpoints.opensearch;
  const lines = ["a", "c", "d"].map((id) => `{"index":{"_index":"clicks-1","_id":"${id}"}}\n{}\n`);
  await fetch(`${node}/_bulk`, { method: "POST", body: lines.join("") });
  expect(await checkIndex(node, "clicks-*", ["a", "b"])).toEqual({ count: 3, missing: 1 });
});
