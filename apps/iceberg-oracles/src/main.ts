import { runSample, SAMPLE_FLAGS } from "@kinesis-connectors/app-sample";
import { run } from "./run.js";

const USAGE = `npm run iceberg-oracles -- [--json]
Writes Iceberg tables to a catalog and an S3 on loopback, and has them read by whoever of these can be had here: pyiceberg and DuckDB (PyPI, where
there is Python), Iceberg's own Java (Maven Central, where there is Java 17), icebird (of npm). Each is asked some thousand filters that use
statistics and partitions, and to tell all rows. Then pyiceberg writes to the table too, rewrites it and lets its snapshots expire,
and four writers commit through Iceberg's own catalog. What is missing is said, and is no failure.
  --json  the last line on standard output is one JSON object`;

await runSample("iceberg-oracles", {
  usage: USAGE,
  flags: { json: SAMPLE_FLAGS.json },
  run: async (_flags, running) => {
    const { lines, wrong, ...result } = await run(running);
    for (const one of wrong.slice(0, 40)) process.stderr.write(`${one}\n`);
    return {
      lines,
      isRight: wrong.length === 0,
      says: ["all of them read what was written", "NOT ALL OF THEM READ WHAT WAS WRITTEN"],
      result: { ...result, wrong },
    };
  },
});
