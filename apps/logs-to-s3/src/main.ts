import { rate, recordCount, runSample, SAMPLE_FLAGS, wholeNumber } from "@kinesis-connectors/app-sample";
import { run } from "./run.js";

const USAGE = `npm run logs-to-s3 -- [--events N] [--shards N] [--seed N] [--kills N] [--json]
Starts AWS on loopback, puts log events as a subscription of CloudWatch Logs does, many of them in each record, gzipped, while a connector
archives every event to S3 as a line of its own, and compares the lines with what was put. Some records are cut short on their way: those are
dead letters. Control messages of the service are dropped.
  --events N   how many log events (default 50000)
  --shards N   shards of the stream (default 2)
  --seed N     seed of the events (default 1)
  --kills N    kills the worker, a process of its own then, so often in the middle of its work (default 0)
  --json       the last line on standard output is one JSON object`;

await runSample("logs-to-s3", {
  usage: USAGE,
  flags: { ...SAMPLE_FLAGS, events: recordCount(50_000), kills: wholeNumber(0, { min: 0, max: 100 }) },
  run: async (flags, running) => {
    const result = await run(flags, running);
    const { events, records, controlMessages, damaged, deadLetters, landed, objects, seconds } = result;
    return {
      lines: [
        ["log events put", `${events} in ${records - damaged - controlMessages} records`],
        ["control messages, dropped", controlMessages],
        ["records cut short", damaged],
        ["dead letters", deadLetters],
        ["lines in the archive", `${landed} in ${objects} objects`],
        ["workers killed", `${result.kills}, with ${result.takenOver} batches that the next ones ended`],
        ["lost", result.lost],
        ["duplicated", result.duplicated],
        ["wall time", rate(events, seconds, "events")],
      ],
      isRight: result.lost === 0 && result.duplicated === 0 && deadLetters === damaged,
      says: ["every log event is there once", "THE ARCHIVE IS NOT WHAT WAS PUT"],
      result,
    };
  },
});
