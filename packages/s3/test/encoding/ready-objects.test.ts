import { ndjson, gzip } from "@kinesis-connectors/s3";
import { batchOf, contextOf } from "@kinesis-connectors/testkit";
import { expect, it } from "vitest";
import { readyObjects } from "../../src/encoding/ready-objects.js";
import { planObjects } from "../../src/plan/plan.js";

it("leaves the event loop its turns while thousands of small objects of an inherited batch are made", async () => {
  const batch = batchOf(Array.from({ length: 4_000 }, (_, n) => `${n} ${"a".repeat(250)}`));
  const plan = planObjects(
    batch,
    ({ output }) => output.slice(0, 4),
    (partition) => partition,
  );
  let isOver = false;
  let turns = 0;
  const count = (): void => {
    if (isOver) return;
    turns += 1;
    setImmediate(count);
  };
  setImmediate(count);
  const packing = { format: ndjson(), compression: gzip(), spoolDir: undefined };
  await using ready = await readyObjects(batch, contextOf(plan, { inherited: true }), new Set(), packing);
  isOver = true;
  expect(ready.objects).toHaveLength(plan.places.length);
  expect(plan.places.length).toBeGreaterThan(3_000);
  expect(turns).toBeGreaterThan(3);
});
