import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  readFlags,
  runSample,
  SAMPLE_FLAGS,
  UsageError,
  wholeNumberFlag,
} from "@kinesis-connectors/app-seed-stream";
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

await runSample("archive-partitioned", USAGE, async () => {
  const flags = readFlags({
    options: {
      ...SAMPLE_FLAGS,
      records: { type: "string", default: "100000" },
      keep: { type: "string" },
      query: { type: "boolean", default: false },
      sql: { type: "string" },
    },
  });
  const records = wholeNumberFlag("records", flags.records);
  const shards = wholeNumberFlag("shards", flags.shards);
  const seed = wholeNumberFlag("seed", flags.seed, 0);
  const folder = flags.keep ?? (await mkdtemp(join(tmpdir(), "archive-partitioned-")));
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length > 0) throw new UsageError(`--keep: ${folder} is not empty`);
    const result = await run({ records, shards, seed, folder });
    const isRight = result.lost + result.duplicated + result.misplaced === 0;
    const counts = `${result.rows} rows in ${result.objects} objects of ${result.partitions} partitions`;
    process.stdout.write(`${counts}, ${result.bytes} bytes, ${result.seconds} s\n`);
    process.stdout.write(
      `lost ${result.lost}, duplicated ${result.duplicated}, misplaced ${result.misplaced}\n`,
    );
    const sql = flags.sql ?? (flags.query ? CLICKS_BY_COUNTRY : undefined);
    if (sql !== undefined) process.stdout.write(`\n${sql}\n\n${tableOf(await query(folder, sql))}\n`);
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return isRight ? 0 : 1;
  } finally {
    if (flags.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
});
