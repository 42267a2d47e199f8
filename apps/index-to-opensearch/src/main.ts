import { readFlags, runSample, SAMPLE_FLAGS, wholeNumberFlag } from "@kinesis-connectors/app-seed-stream";
import { run } from "./run.js";

const USAGE = `npm run index-to-opensearch -- [--records N] [--shards N] [--seed N] [--faults] [--json]
Starts AWS and OpenSearch on loopback, puts click events into a stream while a connector indexes them, and compares the index with what
was put: one document for each record, by _count and by the id of each.
  --records N  how many clicks (default 20000)
  --shards N   shards of the stream (default 2)
  --seed N     seed of the generated clicks (default 1)
  --faults     throttles 2 % of the documents and loses 5 % of the replies
  --json       the last line on standard output is one JSON object`;

await runSample("index-to-opensearch", USAGE, async () => {
  const flags = readFlags({
    options: {
      ...SAMPLE_FLAGS,
      records: { type: "string", default: "20000" },
      faults: { type: "boolean", default: false },
    },
  });
  const result = await run({
    records: wholeNumberFlag("records", flags.records),
    shards: wholeNumberFlag("shards", flags.shards),
    seed: wholeNumberFlag("seed", flags.seed, 0),
    faults: flags.faults,
  });
  const { records, count, missing, indices, faults, seconds } = result;
  const right = count === records && missing === 0;
  process.stdout.write(
    [
      `records in the stream   ${records}`,
      `_count of clicks-*      ${count} in ${indices.join(", ")}`,
      `ids that are missing    ${missing}`,
      `requests with faults    ${faults}`,
      `wall time               ${seconds.toFixed(2)} s, ${Math.round(records / seconds)} records/s put, read, indexed and committed`,
      right ? "each record is one document" : "THE INDEX IS NOT WHAT THE STREAM SAYS",
      "",
    ].join("\n"),
  );
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return right ? 0 : 1;
});
