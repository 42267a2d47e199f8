import {
  rate,
  recordCount,
  runSample,
  SAMPLE_FLAGS,
  toggle,
  wholeNumber,
} from "@kinesis-connectors/app-sample";
import { run } from "./run.js";

const USAGE = `npm run orders-to-iceberg -- [--records N] [--shards N] [--writers N] [--kills N] [--seed N] [--no-python] [--json]
Starts AWS and an Iceberg catalog on loopback, puts orders into a stream while writers append them to a table with a partition for each day,
and has the table read back: by icebird, which takes Node alone, and, where there is Python, by pyiceberg and DuckDB.
  --records N   how many orders (default 20000)
  --shards N    shards of the stream (default 8)
  --writers N   processes that share the shards, and the table (default 1)
  --kills N     kills a writer so often in the middle of its work (default 0)
  --seed N      seed of the orders (default 1)
  --no-python   reads by Node alone
  --json        the last line on standard output is one JSON object`;

await runSample("orders-to-iceberg", {
  usage: USAGE,
  flags: {
    ...SAMPLE_FLAGS,
    shards: wholeNumber(8, { max: 200 }),
    records: recordCount(20_000),
    writers: wholeNumber(1, { max: 16 }),
    kills: wholeNumber(0, { min: 0, max: 100 }),
    "no-python": toggle,
  },
  run: async (flags, running) => {
    const result = await run({ ...flags, python: !flags["no-python"] }, running);
    const { put, read, missing, commits, conflicts, faults, takenOver, seconds } = result;
    return {
      lines: [
        ["orders put", put],
        [
          "commits",
          `${commits} by ${flags.writers} writers, ${conflicts} more refused because another was ahead`,
        ],
        ["faults met", faults],
        ["writers killed", `${flags.kills}, with ${takenOver} batches that others ended`],
        ...read.map(
          ({ reader, rows, lost, duplicated }) =>
            [reader, `${rows} rows, ${lost} lost, ${duplicated} duplicated`] as const,
        ),
        ...missing.map((sentence) => ["not asked", sentence] as const),
        ["wall time", rate(put, seconds, "orders")],
      ],
      isRight: read.every(({ rows, lost, duplicated }) => rows === put && lost === 0 && duplicated === 0),
      says: ["every order is there once", "THE TABLE IS NOT WHAT WAS PUT"],
      result,
    };
  },
});
