import {
  rate,
  recordCount,
  runSample,
  SAMPLE_FLAGS,
  toggle,
  wholeNumber,
} from "@kinesis-connectors/app-sample";
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

await runSample("copy-stream", {
  usage: USAGE,
  flags: {
    ...SAMPLE_FLAGS,
    records: recordCount(20_000),
    keys: wholeNumber(2_000, { max: 10_000_000 }),
    shards: wholeNumber(3, { max: 200 }),
    aggregate: toggle,
    faults: toggle,
  },
  run: async (flags, running) => {
    const result = await run(flags, running);
    return {
      lines: [
        ["records in the source", result.records],
        ["records in the target", `${result.landed}, in ${result.kinesisRecords} Kinesis records`],
        ["lost", result.lost],
        ["out of order in a key", result.outOfOrder],
        ["duplicated", `${result.duplicated} (the copy is at least once)`],
        ["faults met", result.faults],
        ["wall time", rate(result.records, result.seconds, "records")],
      ],
      isRight: result.lost === 0 && result.outOfOrder === 0,
      says: ["the target holds what the source holds", "THE TARGET IS NOT WHAT THE SOURCE IS"],
      result,
    };
  },
});
