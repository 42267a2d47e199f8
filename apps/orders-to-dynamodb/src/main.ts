import { rate, recordCount, runSample, SAMPLE_FLAGS, toggle } from "@kinesis-connectors/app-sample";
import { isRight } from "./check.js";
import { run } from "./run.js";

const USAGE = `npm run orders-to-dynamodb -- [--orders N] [--shards N] [--seed N] [--faults] [--json]
Starts AWS on loopback, puts the versions of orders into a stream while a connector keeps a DynamoDB table of them, and
compares the table with what was put: one item for each order, and the last version in it.
  --orders N   how many orders, each with up to 5 versions (default 2000)
  --shards N   shards of the stream (default 2)
  --seed N     seed of the generated orders (default 1)
  --faults     throttles 2 % of the writes and loses 1 % of the replies
  --json       the last line on standard output is one JSON object`;

await runSample("orders-to-dynamodb", {
  usage: USAGE,
  flags: { ...SAMPLE_FLAGS, orders: recordCount(2_000), faults: toggle },
  run: async (flags, running) => {
    const result = await run(flags, running);
    return {
      lines: [
        ["records in the stream", `${result.records} versions of ${result.orders} orders`],
        ["items in the table", result.items],
        ["missing", result.missing],
        ["not the last version", result.stale],
        ["unexpected", result.unexpected],
        ["faults met", result.faults],
        ["wall time", rate(result.records, result.seconds, "records")],
      ],
      isRight: isRight(result),
      says: ["the table is what the stream says", "THE TABLE IS NOT WHAT THE STREAM SAYS"],
      result,
    };
  },
});
