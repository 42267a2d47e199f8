import { seededNumbers, untilSettled } from "@kinesis-connectors/app-seed-stream";
import { startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { checkCopy, type CopyCheck, type StreamRecord } from "./check.js";
import { copyPipeline } from "./copy.js";

const SOURCE = "source";
const TARGET = "target";

/** What a run is told. */
export interface RunOptions {
  readonly records: number;
  readonly keys: number;
  /** Shards of the source; the target has one less, so that shards do not correspond. */
  readonly shards: number;
  readonly seed: number;
  readonly aggregate: boolean;
  /** Refuses records, and fails requests, while the copy is made. */
  readonly faults: boolean;
}

/** What a run found. */
export interface RunResult extends CopyCheck {
  readonly seconds: number;
  /** Faults that were met. */
  readonly faults: number;
}

/** Starts AWS on loopback, fills a stream while a connector copies it into another one, and compares the two. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { shards, seed, aggregate, faults } = options;
  await using aws = await startLocalAws({ limits: "off", s3: false, seed });
  aws.kinesis.createStream({ name: SOURCE, shardCount: shards });
  aws.kinesis.createStream({ name: TARGET, shardCount: Math.max(1, shards - 1) });
  if (faults) addFaults(aws);
  const records = [...generated(options)];
  const startMs = performance.now();
  await using connector = await startConnector({
    application: "copy-stream",
    stream: SOURCE,
    pipeline: copyPipeline({ target: TARGET, aggregate, kinesis: aws.clientOptions("kinesis") }),
    region: aws.clientOptions("kinesis").region,
    credentials: aws.clientOptions("kinesis").credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
  });
  for (let start = 0; start < records.length; start += 500)
    aws.kinesis.putRecords(SOURCE, records.slice(start, start + 500));
  await untilSettled(connector, records.length);
  const seconds = Math.round(performance.now() - startMs) / 1000;
  const fired = aws.faults.list().reduce((sum, rule) => sum + rule.fired, 0);
  return { ...checkCopy(records, aws.kinesis.records(TARGET)), seconds, faults: fired };
}

/** Some keys are frequent, most are rare, as in life. */
function* generated({ records, keys, seed }: RunOptions): Generator<StreamRecord, void> {
  const next = seededNumbers(seed);
  for (let number = 0; number < records; number += 1) {
    const key = Math.floor(next() ** 2 * keys);
    const reading = { sensor: `sensor-${key}`, number, celsius: Math.round(next() * 400) / 10 };
    yield { partitionKey: reading.sensor, data: Buffer.from(JSON.stringify(reading)) };
  }
}

function addFaults(aws: LocalAws): void {
  const rule = { server: "kinesis", operation: "PutRecords", times: "always" } as const;
  // Aggregated, a whole run takes few requests: the first one meets a fault for sure.
  aws.faults.add({ ...rule, times: 1, effect: { kind: "partial-failure", indexes: [0] } });
  aws.faults.add({ ...rule, probability: 0.2, effect: { kind: "partial-failure", share: 0.1 } });
  aws.faults.add({ ...rule, probability: 0.02, effect: { kind: "reply-lost" } });
}
