import { rate, recordCount, runSample, SAMPLE_FLAGS, text, toggle } from "@kinesis-connectors/app-sample";
import { isRight, type Totals } from "./check.js";
import { run } from "./run.js";

const USAGE = `npm run orders-to-redshift -- [--records N] [--shards N] [--seed N] [--faults] [--postgres URL] [--json]
Starts AWS on loopback, puts orders into a stream while a connector loads them into a table of the local Redshift, and compares
the table with what was put: each order once. Then the same files are loaded once more by a bare COPY, for the time that takes.
  --records N     how many orders (default 20000)
  --shards N      shards of the stream (default 2)
  --seed N        seed of the generated orders (default 1)
  --faults        a third of the loads fails with error 1023, a fifth of the replies is lost
  --postgres URL  a PostgreSQL server in place of the embedded one
  --json          the last line on standard output is one JSON object`;

await runSample("orders-to-redshift", {
  usage: USAGE,
  flags: { ...SAMPLE_FLAGS, records: recordCount(20_000), faults: toggle, postgres: text },
  run: async (flags, running) => {
    const result = await run(flags, running);
    const { put, landed } = result;
    const sums = ({ idSum, cents, textCharacters }: Totals): string => `${idSum}/${cents}/${textCharacters}`;
    return {
      lines: [
        ["records in the stream", put.rows],
        ["rows in the table", `${landed.rows}, of ${landed.ids} orders, in ${result.loads} loads`],
        ["sums put and landed", `${sums(put)} and ${sums(landed)}`],
        ["faults met", result.faults],
        ["stream to table", rate(put.rows, result.seconds, "rows")],
        ["bare COPY of the files", rate(put.rows, result.rawCopySeconds, "rows", "loaded")],
      ],
      isRight: isRight(result),
      says: ["the table is what the stream says", "THE TABLE IS NOT WHAT THE STREAM SAYS"],
      result,
    };
  },
});
