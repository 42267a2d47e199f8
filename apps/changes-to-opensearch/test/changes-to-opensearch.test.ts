import { expect, it } from "vitest";
import { startLocalAws } from "@kinesis-connectors/local";
import { checkChanges } from "../src/check.js";
import { run } from "../src/run.js";

it.each([false, true])(
  "the index is what the table is, though changes come twice and shuffled (faults: %s)",
  async (faults) => {
    const result = await run({ changes: 3_000, shards: 2, seed: 1, faults });
    expect(result).toMatchObject({ wrong: 0, unexpected: 0 });
    expect(result.records).toBeGreaterThan(3_000);
    expect(result.inTable).toBeLessThan(result.orders);
    expect(result.faults > 0).toBe(faults);
  },
);

it("the check finds an order that is missing, one of an older version, and one that should be gone", async () => {
  await using aws = await startLocalAws({ kinesis: false, s3: false, dynamodb: false });
  const node = aws.endpoints.opensearch;
  const document = { order: "o", revision: 1, total: 2, isRemoved: false, changedUs: 1 };
  const lines = ["old", "gone", "right"].map(
    (id) => `{"index":{"_index":"orders","_id":"${id}"}}\n${JSON.stringify(document)}\n`,
  );
  await fetch(`${node}/_bulk`, { method: "POST", body: lines.join("") });
  const table = new Map(
    [["missing", 1] as const, ["old", 2] as const, ["right", 1] as const].map(
      ([id, revision]) => [id, { id, revision, total: 2 }] as const,
    ),
  );
  expect(await checkChanges(node, "orders", ["missing", "old", "gone", "right"], table)).toEqual({
    wrong: 2,
    unexpected: 1,
  });
});
