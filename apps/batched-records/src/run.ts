import { untilSettled } from "@kinesis-connectors/app-seed-stream";
import { startConnector } from "@kinesis-connectors/consumer";
import { compareSequenceNumbers, definePipeline } from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ndjson, s3Emitter } from "@kinesis-connectors/s3";
import { checkReadings, type ReadingsCheck } from "./check.js";
import { batchedReadings, type Reading, readingsOfRecord } from "./readings.js";

const STREAM = "readings";
const BUCKET = "readings";

/** What a run is told. */
export interface RunOptions {
  readonly readings: number;
  /** Most readings in one record. */
  readonly perRecord: number;
  readonly shards: number;
  readonly seed: number;
}

/** What a run found. */
export interface RunResult extends ReadingsCheck {
  /** Kinesis records that carried the readings. */
  readonly records: number;
  /** Readings that the filter dropped. */
  readonly frozen: number;
  readonly objects: number;
  readonly seconds: number;
}

/** Starts AWS on loopback, puts records of many readings while a connector archives each reading above zero, and compares. */
export async function run({ readings, perRecord, shards, seed }: RunOptions): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] }, seed });
  aws.kinesis.createStream({ name: STREAM, shardCount: shards });
  const pipeline = definePipeline({
    transformer: readingsOfRecord(),
    filter: ({ celsius }) => celsius >= 0,
    buffer: { maxRecords: 2_000, maxAgeMs: 500 },
    emitter: s3Emitter<Reading>({ ...aws.clientOptions("s3"), bucket: BUCKET, format: ndjson() }),
  });
  const startMs = performance.now();
  await using connector = await startConnector({
    application: "batched-records",
    stream: STREAM,
    pipeline,
    region: aws.clientOptions("kinesis").region,
    credentials: aws.clientOptions("kinesis").credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
  });
  const put: Reading[] = [];
  let records = 0;
  for (const batch of batchedReadings(readings, perRecord, seed)) {
    aws.kinesis.putRecords(STREAM, [
      { partitionKey: batch.partitionKey, data: JSON.stringify(batch.readings) },
    ]);
    put.push(...batch.readings);
    records += 1;
  }
  await untilSettled(connector, records);
  const seconds = Math.round(performance.now() - startMs) / 1000;
  const kept = put.filter(({ celsius }) => celsius >= 0);
  const check = checkReadings(kept, archived(aws));
  const objects = archivedObjects(aws).length;
  return { ...check, records, frozen: put.length - kept.length, objects, seconds };
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
