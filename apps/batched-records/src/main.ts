import { readFlags, runSample, SAMPLE_FLAGS, wholeNumberFlag } from "@kinesis-connectors/app-seed-stream";
import { run } from "./run.js";

const USAGE = `npm run batched-records -- [--readings N] [--per-record N] [--shards N] [--seed N] [--json]
Starts AWS on loopback, puts records that carry many sensor readings each while a connector archives every reading above zero
degrees to S3 as a line of its own, and compares the lines with what was put.
  --readings N     how many readings (default 50000)
  --per-record N   most readings in one record (default 40)
  --shards N       shards of the stream (default 2)
  --seed N         seed of the readings (default 1)
  --json           the last line on standard output is one JSON object`;

await runSample("batched-records", USAGE, async () => {
  const flags = readFlags({
    options: {
      ...SAMPLE_FLAGS,
      readings: { type: "string", default: "50000" },
      "per-record": { type: "string", default: "40" },
    },
  });
  const result = await run({
    readings: wholeNumberFlag("readings", flags.readings),
    perRecord: wholeNumberFlag("per-record", flags["per-record"]),
    shards: wholeNumberFlag("shards", flags.shards),
    seed: wholeNumberFlag("seed", flags.seed, 0),
  });
  const isRight = result.lost === 0 && result.duplicated === 0 && result.outOfOrder === 0;
  const lines = [
    `readings put            ${result.readings + result.frozen} in ${result.records} records`,
    `below zero, dropped     ${result.frozen}`,
    `lines in the archive    ${result.landed} in ${result.objects} objects`,
    `lost                    ${result.lost}`,
    `duplicated              ${result.duplicated}`,
    `out of order            ${result.outOfOrder}`,
    `wall time               ${result.seconds.toFixed(2)} s`,
    isRight ? "every reading is there once, in order" : "THE ARCHIVE IS NOT WHAT WAS PUT",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return isRight ? 0 : 1;
});
