import {
  rate,
  recordCount,
  runSample,
  SAMPLE_FLAGS,
  toggle,
  wholeNumber,
} from "@kinesis-connectors/app-sample";
import { run } from "./run.js";

const USAGE = `npm run fan-to-sqs -- [--records N] [--keys N] [--shards N] [--seed N] [--kills N] [--faults] [--json]
Starts AWS on loopback, puts sensor readings into a stream while a connector takes those that are warm into a FIFO queue of SQS, and
compares: no reading lost, none twice, and those of each sensor in their order.
  --records N   how many readings (default 5000)
  --keys N      how many sensors, a few of them frequent (default 500)
  --shards N    shards of the source (default 3)
  --seed N      seed of the readings (default 1)
  --kills N     kills the worker, a process of its own then, so often in the middle of its work (default 0)
  --faults      refuses entries of every fifth request and loses 2 % of the replies
  --json        the last line on standard output is one JSON object`;

await runSample("fan-to-sqs", {
  usage: USAGE,
  flags: {
    ...SAMPLE_FLAGS,
    records: recordCount(5_000),
    keys: wholeNumber(500, { max: 10_000_000 }),
    shards: wholeNumber(3, { max: 200 }),
    kills: wholeNumber(0, { min: 0, max: 100 }),
    faults: toggle,
  },
  run: async (flags, running) => {
    const result = await run(flags, running);
    return {
      lines: [
        ["readings put", `${result.put}, of which ${result.kept} are warm`],
        ["landed", result.landed],
        ["lost", result.lost],
        ["wrong", result.wrong],
        ["duplicated", result.duplicated],
        ["out of order in a sensor", result.outOfOrder],
        ["workers killed", result.kills],
        ["faults met", result.faults],
        ["wall time", rate(result.put, result.seconds, "readings")],
      ],
      isRight: result.lost === 0 && result.wrong === 0 && result.duplicated === 0 && result.outOfOrder === 0,
      says: ["the queue holds what is warm", "THE QUEUE DOES NOT HOLD WHAT IS WARM"],
      result,
    };
  },
});
