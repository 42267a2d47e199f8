import { oneOf, rate, recordCount, runSample, SAMPLE_FLAGS } from "@kinesis-connectors/app-sample";
import { isRight, type Totals } from "./readings.js";
import { run } from "./run.js";

const USAGE = `npm run manifest-to-redshift -- [--records N] [--shards N] [--seed N] [--processes 1|2] [--json]
Starts AWS on loopback and two stages. Stage one writes the readings of a stream to S3 and puts the URL of each object into a second
stream; stage two collects URLs and loads many objects in one transaction. Compares the table with what was put: each reading once.
  --records N      how many readings (default 20000)
  --shards N       shards of each stream (default 2)
  --seed N         seed of the generated readings (default 1)
  --processes N    2 runs stage two in a process of its own (default 1)
  --json           the last line on standard output is one JSON object`;

await runSample("manifest-to-redshift", {
  usage: USAGE,
  flags: { ...SAMPLE_FLAGS, records: recordCount(20_000), processes: oneOf("1", "2") },
  run: async (flags, running) => {
    const result = await run({ ...flags, processes: flags.processes === "2" ? 2 : 1 }, running);
    const { put, landed, objects, loaded, loads, seconds } = result;
    const sums = ({ idSum, valueSum }: Totals): string => `${idSum}/${valueSum}`;
    return {
      lines: [
        ["records in the stream", put.rows],
        ["objects in S3", `${objects}, of which ${loaded} are in the ledger, in ${loads} loads`],
        ["rows in the table", `${landed.rows}, of ${landed.ids} readings`],
        ["sums put and landed", `${sums(put)} and ${sums(landed)}`],
        ["wall time", rate(put.rows, seconds, "records")],
      ],
      isRight: isRight(put, landed) && objects === loaded,
      says: ["the table is what the stream says", "THE TABLE IS NOT WHAT THE STREAM SAYS"],
      result,
    };
  },
});
