import { readFlags, runSample, SAMPLE_FLAGS, wholeNumberFlag } from "@kinesis-connectors/app-seed-stream";
import { isRight } from "./check.js";
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

await runSample("orders-to-redshift", USAGE, async () => {
  const flags = readFlags({
    options: {
      ...SAMPLE_FLAGS,
      records: { type: "string", default: "20000" },
      faults: { type: "boolean", default: false },
      postgres: { type: "string" },
    },
  });
  const result = await run({
    records: wholeNumberFlag("records", flags.records),
    shards: wholeNumberFlag("shards", flags.shards),
    seed: wholeNumberFlag("seed", flags.seed, 0),
    faults: flags.faults,
    ...(flags.postgres === undefined ? {} : { postgres: flags.postgres }),
  });
  const { put, landed, seconds } = result;
  const right = isRight(result);
  const perSecond = (duration: number): string =>
    `${duration.toFixed(2)} s, ${Math.round(put.rows / duration)} rows/s`;
  process.stdout.write(
    [
      `records in the stream   ${put.rows}`,
      `rows in the table       ${landed.rows}, of ${landed.ids} orders, in ${result.loads} loads`,
      `sums put and landed     ${put.idSum}/${put.cents}/${put.textCharacters} and ${landed.idSum}/${landed.cents}/${landed.textCharacters}`,
      `faults met              ${result.faults}`,
      `stream to table         ${perSecond(seconds)} put, read, staged, loaded and committed`,
      `bare COPY of the files  ${perSecond(result.rawCopySeconds)}`,
      right ? "the table is what the stream says" : "THE TABLE IS NOT WHAT THE STREAM SAYS",
      "",
    ].join("\n"),
  );
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return right ? 0 : 1;
});
