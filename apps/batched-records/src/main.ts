import { rate, recordCount, runSample, SAMPLE_FLAGS, wholeNumber } from "@kinesis-connectors/app-sample";
import { run } from "./run.js";

const USAGE = `npm run batched-records -- [--readings N] [--per-record N] [--shards N] [--seed N] [--json]
Starts AWS on loopback, puts records that carry many sensor readings each while a connector archives every reading above zero
degrees to S3 as a line of its own, and compares the lines with what was put.
  --readings N     how many readings (default 50000)
  --per-record N   most readings in one record (default 40)
  --shards N       shards of the stream (default 2)
  --seed N         seed of the readings (default 1)
  --json           the last line on standard output is one JSON object`;

await runSample("batched-records", {
  usage: USAGE,
  flags: {
    ...SAMPLE_FLAGS,
    readings: recordCount(50_000),
    // A record holds 1 MiB.
    "per-record": wholeNumber(40, { max: 10_000 }),
  },
  run: async ({ "per-record": perRecord, ...flags }, running) => {
    const result = await run({ ...flags, perRecord }, running);
    return {
      lines: [
        ["readings put", `${result.readings + result.frozen} in ${result.records} records`],
        ["below zero, dropped", result.frozen],
        ["lines in the archive", `${result.landed} in ${result.objects} objects`],
        ["lost", result.lost],
        ["duplicated", result.duplicated],
        ["out of order", result.outOfOrder],
        ["wall time", rate(result.records, result.seconds, "records")],
      ],
      isRight: result.lost === 0 && result.duplicated === 0 && result.outOfOrder === 0,
      says: ["every reading is there once, in order", "THE ARCHIVE IS NOT WHAT WAS PUT"],
      result,
    };
  },
});
