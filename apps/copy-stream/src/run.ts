import { deliver, faultsMet, type Running, seededNumbers } from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { checkCopy, type CopyCheck, type StreamRecord } from "./check.js";
import { copyPipeline } from "./copy.js";

const SOURCE = "source";
const TARGET = "target";

/** Options of a run. */
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

/** The result of a run. */
export interface RunResult extends CopyCheck {
  readonly seconds: number;
  /** Faults that were met. */
  readonly faults: number;
}

/** Starts AWS on loopback, fills a stream while a connector copies it into another one, and compares the two. */
export async function run(options: RunOptions, running?: Running): Promise<RunResult> {
  const { shards, seed, aggregate, faults } = options;
  await using aws = await startLocalAws({ limits: "off", s3: false, seed });
  aws.kinesis.createStream({ name: TARGET, shardCount: Math.max(1, shards - 1) });
  if (faults) addFaults(aws);
  const records = [...generated(options)];
  const { seconds } = await deliver(
    aws,
    {
      stream: SOURCE,
      shards,
      records,
      count: records.length,
      start: (local) =>
        startConnector({
          ...local,
          application: "copy-stream",
          pipeline: copyPipeline({ target: TARGET, aggregate, kinesis: aws.clientOptions("kinesis") }),
        }),
    },
    running,
  );
  return { ...checkCopy(records, aws.kinesis.records(TARGET)), seconds, faults: faultsMet(aws) };
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
