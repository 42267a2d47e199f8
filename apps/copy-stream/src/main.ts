import { readFlags, runSample, SAMPLE_FLAGS, wholeNumberFlag } from "@kinesis-connectors/app-seed-stream";
import { run } from "./run.js";

const USAGE = `npm run copy-stream -- [--records N] [--keys N] [--shards N] [--seed N] [--aggregate] [--faults] [--json]
Starts AWS on loopback, puts sensor readings into a stream while a connector copies them into another one, and compares the
two: no reading lost, and those of each sensor in their order.
  --records N   how many readings (default 20000)
  --keys N      how many sensors, a few of them frequent (default 2000)
  --shards N    shards of the source; the target has one less (default 3)
  --seed N      seed of the readings (default 1)
  --aggregate   packs many readings into one Kinesis record, as the KPL does
  --faults      refuses records of every fifth request and loses 2 % of the replies
  --json        the last line on standard output is one JSON object`;

await runSample("copy-stream", USAGE, async () => {
  const flags = readFlags({
    options: {
      ...SAMPLE_FLAGS,
      records: { type: "string", default: "20000" },
      keys: { type: "string", default: "2000" },
      shards: { type: "string", default: "3" },
      aggregate: { type: "boolean", default: false },
      faults: { type: "boolean", default: false },
    },
  });
  const { aggregate, faults } = flags;
  const result = await run({
    records: wholeNumberFlag("records", flags.records),
    keys: wholeNumberFlag("keys", flags.keys),
    shards: wholeNumberFlag("shards", flags.shards),
    seed: wholeNumberFlag("seed", flags.seed, 0),
    aggregate,
    faults,
  });
  const isRight = result.lost === 0 && result.outOfOrder === 0;
  const lines = [
    `records in the source   ${result.records}`,
    `records in the target   ${result.landed}, in ${result.kinesisRecords} Kinesis records`,
    `lost                    ${result.lost}`,
    `out of order in a key   ${result.outOfOrder}`,
    `duplicated              ${result.duplicated} (the copy is at least once)`,
    `faults met              ${result.faults}`,
    `wall time               ${result.seconds.toFixed(2)} s, ${Math.round(result.records / result.seconds)} records/s`,
    isRight ? "the target holds what the source holds" : "THE TARGET IS NOT WHAT THE SOURCE IS",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return isRight ? 0 : 1;
});
