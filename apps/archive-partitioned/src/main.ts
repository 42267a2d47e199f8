import { rate, recordCount, runSample, SAMPLE_FLAGS, text, toggle } from "@kinesis-connectors/app-sample";
import { objectFolder } from "./object-folder.js";
import { CLICKS_BY_COUNTRY, query, tableOf } from "./query.js";
import { run } from "./run.js";

const USAGE = `npm run archive-partitioned -- [--records N] [--shards N] [--seed N] [--keep DIR] [--query | --sql TEXT] [--json]
Starts AWS on loopback, puts clicks while a connector archives them as Parquet by date, hour and country, and lets DuckDB compare.
  --records N  how many clicks (default 100000)
  --shards N   shards of the stream (default 2)
  --seed N     seed of the clicks (default 1)
  --keep DIR   keeps the objects there as files; DIR must be empty or new
  --query      prints what DuckDB makes of the files: clicks by country
  --sql TEXT   prints what it makes of a query of yours; the files are the view clicks
  --json       the last line on standard output is one JSON object`;

await runSample("archive-partitioned", {
  usage: USAGE,
  flags: { ...SAMPLE_FLAGS, records: recordCount(100_000), keep: text, query: toggle, sql: text },
  run: async (flags, running) => {
    await using folder = await objectFolder(flags.keep);
    const result = await run({ ...flags, folder: folder.path }, running);
    const sql = flags.sql ?? (flags.query ? CLICKS_BY_COUNTRY : undefined);
    if (sql !== undefined) process.stdout.write(`${sql}\n\n${tableOf(await query(folder.path, sql))}\n\n`);
    return {
      lines: [
        [
          "rows",
          `${result.rows} in ${result.objects} objects of ${result.partitions} partitions, ${result.bytes} bytes`,
        ],
        ["lost", result.lost],
        ["duplicated", result.duplicated],
        ["misplaced", result.misplaced],
        ["wall time", rate(result.records, result.seconds, "records")],
      ],
      isRight: result.lost + result.duplicated + result.misplaced === 0,
      says: ["every click is in its folder once", "THE ARCHIVE IS NOT WHAT WAS PUT"],
      result,
    };
  },
});
