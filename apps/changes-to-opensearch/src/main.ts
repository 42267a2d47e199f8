import {
  rate,
  recordCount,
  runSample,
  SAMPLE_FLAGS,
  toggle,
  wholeNumber,
} from "@kinesis-connectors/app-sample";
import { run } from "./run.js";

const USAGE = `npm run changes-to-opensearch -- [--changes N] [--shards N] [--seed N] [--faults] [--kills N] [--json]
Starts AWS and OpenSearch on loopback, puts changes of a DynamoDB table into a stream, one in ten twice and all of them shuffled, as DynamoDB may,
while a connector keeps an index of the orders by the time of their change, and compares the index with the table.
  --changes N  how many changes (default 20000)
  --shards N   shards of the stream (default 2)
  --seed N     seed of the changes (default 1)
  --faults     throttles 2 % of the documents and loses 5 % of the replies
  --kills N    kills the worker, a process of its own then, so often in the middle of its work (default 0)
  --json       the last line on standard output is one JSON object`;

await runSample("changes-to-opensearch", {
  usage: USAGE,
  flags: {
    ...SAMPLE_FLAGS,
    changes: recordCount(20_000),
    faults: toggle,
    kills: wholeNumber(0, { min: 0, max: 100 }),
  },
  run: async (flags, running) => {
    const result = await run(flags, running);
    const { records, orders, inTable, wrong, unexpected, faults, kills, seconds } = result;
    return {
      lines: [
        ["changes in the stream", records],
        ["orders", `${orders}, of which the table holds ${inTable}`],
        ["missing or not the last version", wrong],
        ["in the index and not in the table", unexpected],
        ["requests with faults", faults],
        ["workers killed", kills],
        ["wall time", rate(records, seconds, "records")],
      ],
      isRight: wrong === 0 && unexpected === 0,
      says: ["the index is what the table is", "THE INDEX IS NOT WHAT THE TABLE IS"],
      result,
    };
  },
});
