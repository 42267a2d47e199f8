import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deliver, type RecordOfStream, type Running } from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline } from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { type Click, clickArchive, clickOfRecord, clicksOfADay } from "./clicks.js";
import { query } from "./query.js";

const STREAM = "clicks";
const BUCKET = "clicks";

/** Options of a run. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  /** An existing folder, where the objects are laid down as files. */
  readonly folder: string;
}

/** What a run found: in the files, DuckDB. */
export interface RunResult {
  readonly records: number;
  readonly objects: number;
  readonly partitions: number;
  readonly bytes: number;
  readonly rows: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Rows that are not in the folder of their click. */
  readonly misplaced: number;
  readonly seconds: number;
}

/** Starts AWS on loopback, puts clicks while a connector archives them, lays the objects down as files, and lets DuckDB compare. */
export async function run(
  { records, shards, seed, folder }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using aws = await startLocalAws({
    limits: "off",
    s3: { buckets: [BUCKET] },
    opensearch: false,
    seed,
  });
  const put = new Map<number, PutClick>();
  const { seconds } = await deliver(
    aws,
    {
      stream: STREAM,
      shards,
      records: recordsOf(clicksOfADay(records, seed), put),
      count: records,
      start: (local) =>
        startConnector({
          ...local,
          application: "archive-partitioned",
          pipeline: definePipeline({
            transformer: clickOfRecord(),
            buffer: { maxRecords: 100_000, maxAgeMs: 60_000 },
            emitter: clickArchive(BUCKET, aws.clientOptions("s3")),
          }),
        }),
    },
    running,
  );
  const laid = await layDown(aws, folder);
  let rows = 0;
  let duplicated = 0;
  let misplaced = 0;
  for (const row of await query(
    folder,
    `SELECT id::INT AS id, date || ' ' || hour || ' ' || country AS folder, "durationMs" AS ms FROM clicks`,
  )) {
    rows += 1;
    const click = put.get(Number(row["id"]));
    if (click === undefined) duplicated += 1;
    else if (click.folder !== row["folder"] || click.durationMs !== row["ms"]) misplaced += 1;
    put.delete(Number(row["id"]));
  }
  return { records, ...laid, rows, lost: put.size, duplicated, misplaced, seconds };
}

/** What must be found of a click. */
interface PutClick {
  readonly folder: string;
  readonly durationMs: number;
}

function* recordsOf(given: Iterable<Click>, put: Map<number, PutClick>): Generator<RecordOfStream, void> {
  for (const click of given) {
    const folder = `${click.time.slice(0, 10)} ${click.time.slice(11, 13)} ${click.country}`;
    put.set(click.id, { folder, durationMs: click.durationMs });
    yield { partitionKey: click.userId, data: JSON.stringify(click) };
  }
}

async function layDown(
  aws: LocalAws,
  folder: string,
): Promise<{ objects: number; partitions: number; bytes: number }> {
  const folders = new Set<string>();
  let objects = 0;
  let bytes = 0;
  for (const { key, body } of aws.s3.objects(BUCKET)) {
    // The one that the emitter tried the store with.
    if (!key.endsWith(".parquet")) continue;
    const path = join(folder, key);
    folders.add(dirname(path));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body);
    objects += 1;
    bytes += body.length;
  }
  return { objects, partitions: folders.size, bytes };
}
