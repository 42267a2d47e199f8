import { deliver, type RecordOfStream, type Running } from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { compareSequenceNumbers, definePipeline } from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ndjson, s3Emitter } from "@kinesis-connectors/s3";
import { checkReadings, type ReadingsCheck } from "./check.js";
import { batchedReadings, type Reading, readingsOfRecord } from "./readings.js";

const STREAM = "readings";
const BUCKET = "readings";

/** Options of a run. */
export interface RunOptions {
  readonly readings: number;
  /** Most readings in one record. */
  readonly perRecord: number;
  readonly shards: number;
  readonly seed: number;
}

/** The result of a run. */
export interface RunResult extends ReadingsCheck {
  /** Kinesis records that carried the readings. */
  readonly records: number;
  /** Readings that the filter dropped. */
  readonly frozen: number;
  readonly objects: number;
  readonly seconds: number;
}

/** Starts AWS on loopback, puts records of many readings while a connector archives each reading above zero, and compares. */
export async function run(
  { readings, perRecord, shards, seed }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] }, seed });
  const put: Reading[] = [];
  const { records, seconds } = await deliver(
    aws,
    {
      stream: STREAM,
      shards,
      records: recordsOf(batchedReadings(readings, perRecord, seed), put),
      count: undefined,
      start: (local) =>
        startConnector({
          ...local,
          application: "batched-records",
          pipeline: definePipeline({
            transformer: readingsOfRecord(),
            filter: ({ celsius }) => celsius >= 0,
            buffer: { maxRecords: 2_000, maxAgeMs: 500 },
            emitter: s3Emitter<Reading>({ ...aws.clientOptions("s3"), bucket: BUCKET, format: ndjson() }),
          }),
        }),
    },
    running,
  );
  const kept = put.filter(({ celsius }) => celsius >= 0);
  const check = checkReadings(kept, archived(aws));
  const objects = archivedObjects(aws).length;
  return { ...check, records, frozen: put.length - kept.length, objects, seconds };
}

function* recordsOf(
  batches: ReturnType<typeof batchedReadings>,
  put: Reading[],
): Generator<RecordOfStream, void> {
  for (const { partitionKey, readings } of batches) {
    put.push(...readings);
    yield { partitionKey, data: JSON.stringify(readings) };
  }
}

/** All but the one that the emitter tried the store with. */
function archivedObjects(aws: LocalAws) {
  return [...aws.s3.objects(BUCKET)].filter(({ key }) => key.endsWith(".ndjson"));
}

/** Every archived reading, shard by shard, in the order of the objects. */
function archived(aws: LocalAws): Reading[] {
  const firstOf = (key: string): string => /(\d+)[\d.]*-[\d.]+\.ndjson$/.exec(key)?.[1] ?? "";
  const objects = archivedObjects(aws).toSorted((one, other) =>
    compareSequenceNumbers(firstOf(one.key), firstOf(other.key)),
  );
  return objects.flatMap(({ body }) =>
    body
      .toString("utf8")
      .trimEnd()
      .split("\n")
      // The program's own output.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      .map((line) => JSON.parse(line) as Reading),
  );
}
