import { recordCount, runSample, SAMPLE_FLAGS, wholeNumber } from "@kinesis-connectors/app-sample";
import { run } from "./run.js";

const USAGE = `npm run lambda-to-s3 -- [--records N] [--kills N] [--freezes N] [--batch-size N] [--shards N] [--seed N] [--json]
Starts AWS on loopback and puts clicks into a stream; a Lambda function of real processes archives them to S3, some of which are killed, and
batches are cut anew. Then it compares the bucket with what was put: no click lost, none twice.
  --records N      how many clicks, one in 500 damaged (default 100000)
  --kills N        processes that are killed in the middle of an invocation (default 5)
  --freezes N      processes that are given up and stopped in the middle, and go on later (default 3)
  --batch-size N   most records of one invocation (default 1000)
  --shards N       shards of the stream (default 2)
  --seed N         seed of the clicks and of what happens (default 1)
  --json           the last line on standard output is one JSON object`;

await runSample("lambda-to-s3", {
  usage: USAGE,
  flags: {
    ...SAMPLE_FLAGS,
    records: recordCount(100_000),
    kills: wholeNumber(5, { min: 0, max: 1_000 }),
    freezes: wholeNumber(3, { min: 0, max: 1_000 }),
    "batch-size": wholeNumber(1_000, { max: 10_000 }),
  },
  run: async ({ "batch-size": batchSize, ...flags }, running) => {
    const result = await run({ ...flags, batchSize }, running);
    const { lost, duplicated, phantom } = result;
    return {
      lines: [
        ["clicks put", result.put],
        ["landed", `${result.landed}, and ${result.deadLetters} dead letters; ${result.filtered} filtered`],
        ["lost", lost],
        ["duplicated", duplicated],
        ["phantom", phantom],
        ["invocations", `${result.invocations}, in ${result.processes} processes`],
        ["killed, frozen", `${result.kills}, ${result.freezes}`],
        ["wall time", `${result.seconds} s, cold starts of the processes included`],
      ],
      isRight: lost + duplicated + phantom === 0,
      says: ["each click landed once", "THE ARCHIVE IS NOT WHAT WAS PUT"],
      result,
    };
  },
});
