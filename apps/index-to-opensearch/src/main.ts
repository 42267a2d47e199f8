import { rate, recordCount, runSample, SAMPLE_FLAGS, toggle } from "@kinesis-connectors/app-sample";
import { run } from "./run.js";

const USAGE = `npm run index-to-opensearch -- [--records N] [--shards N] [--seed N] [--faults] [--json]
Starts AWS and OpenSearch on loopback, puts click events into a stream while a connector indexes them, and compares the index with what
was put: one document for each record, by _count and by the id of each.
  --records N  how many clicks (default 20000)
  --shards N   shards of the stream (default 2)
  --seed N     seed of the generated clicks (default 1)
  --faults     throttles 2 % of the documents and loses 5 % of the replies
  --json       the last line on standard output is one JSON object`;

await runSample("index-to-opensearch", {
  usage: USAGE,
  flags: { ...SAMPLE_FLAGS, records: recordCount(20_000), faults: toggle },
  run: async (flags, running) => {
    const result = await run(flags, running);
    const { records, count, missing, indices, faults, seconds } = result;
    return {
      lines: [
        ["records in the stream", records],
        ["_count of clicks-*", `${count} in ${indices.join(", ")}`],
        ["ids that are missing", missing],
        ["requests with faults", faults],
        ["wall time", rate(records, seconds, "records")],
      ],
      isRight: count === records && missing === 0,
      says: ["each record is one document", "THE INDEX IS NOT WHAT THE STREAM SAYS"],
      result,
    };
  },
});
