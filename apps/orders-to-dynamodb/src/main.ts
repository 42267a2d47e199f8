import { readFlags, runSample, SAMPLE_FLAGS, wholeNumberFlag } from "@kinesis-connectors/app-seed-stream";
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

await runSample("orders-to-dynamodb", USAGE, async () => {
  const flags = readFlags({
    options: {
      ...SAMPLE_FLAGS,
      orders: { type: "string", default: "2000" },
      faults: { type: "boolean", default: false },
    },
  });
  const result = await run({
    orders: wholeNumberFlag("orders", flags.orders),
    shards: wholeNumberFlag("shards", flags.shards),
    seed: wholeNumberFlag("seed", flags.seed, 0),
    faults: flags.faults,
  });
  const right = isRight(result);
  const perSecond = Math.round(result.records / result.seconds);
  process.stdout.write(
    [
      `records in the stream   ${result.records} versions of ${result.orders} orders`,
      `items in the table      ${result.items}`,
      `missing                 ${result.missing}`,
      `not the last version    ${result.stale}`,
      `unexpected              ${result.unexpected}`,
      `faults met              ${result.faults}`,
      `wall time               ${result.seconds.toFixed(2)} s, ${perSecond} records/s put, read, written and committed`,
      right ? "the table is what the stream says" : "THE TABLE IS NOT WHAT THE STREAM SAYS",
      "",
    ].join("\n"),
  );
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return right ? 0 : 1;
});
