import {
  deliver,
  deliverThroughKills,
  faultsMet,
  type Running,
  seededNumbers,
} from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { checkTarget, type TargetCheck } from "./check.js";
import { type Reading, readingsPipeline, type Target } from "./pipeline.js";

const TARGET = "readings.fifo";

/** Options of a run. */
export interface RunOptions {
  readonly records: number;
  readonly keys: number;
  readonly shards: number;
  readonly seed: number;
  /** How often the worker, a process of its own then, is killed. Default 0. */
  readonly kills?: number;
  /** Refuses entries and loses replies meanwhile. Default false. */
  readonly faults?: boolean;
}

/** The result of a run. */
export interface RunResult extends TargetCheck {
  readonly kills: number;
  readonly seconds: number;
  /** Faults that were met. */
  readonly faults: number;
}

/** Puts readings into a stream on loopback while a connector takes those that are warm into the queue, and compares. */
export async function run(options: RunOptions, running?: Running): Promise<RunResult> {
  const { shards, seed, kills = 0, faults = false } = options;
  await using aws = await startLocalAws({
    limits: "off",
    s3: false,
    opensearch: false,
    sqs: {},
    seed,
  });
  const target: Target = { ...aws.clientOptions("sqs"), queueUrl: aws.sqs.createQueue(TARGET) };
  if (faults) addFaults(aws);
  const readings = [...generated(options)];
  const application = "fan-to-sqs";
  const delivery = {
    stream: "source",
    shards,
    records: readings.map((reading) => ({ partitionKey: reading.sensor, data: JSON.stringify(reading) })),
    count: readings.length,
  };
  const { seconds } =
    kills === 0
      ? await deliver(
          aws,
          {
            ...delivery,
            start: (local) => startConnector({ ...local, application, pipeline: readingsPipeline(target) }),
          },
          running,
        )
      : await deliverThroughKills(
          aws,
          {
            ...delivery,
            application,
            worker: new URL("worker.js", import.meta.url),
            setup: target,
            kills,
            seed,
          },
          running,
        );
  const landed = aws.sqs.messages(TARGET).map(({ body }) => body);
  return {
    ...checkTarget(
      readings,
      landed.map((text): Reading => JSON.parse(text)),
    ),
    kills,
    seconds,
    faults: faultsMet(aws),
  };
}

/** Some sensors are frequent, most are rare, as in life. */
function* generated({ records, keys, seed }: RunOptions): Generator<Reading, void> {
  const next = seededNumbers(seed);
  for (let number = 0; number < records; number += 1)
    yield {
      sensor: `sensor-${Math.floor(next() ** 2 * keys)}`,
      number,
      celsius: Math.round(next() * 400) / 10,
    };
}

function addFaults(aws: LocalAws): void {
  const rule = { server: "sqs", operation: "SendMessageBatch", times: "always" } as const;
  aws.faults.add({ ...rule, times: 1, effect: { kind: "partial-failure", indexes: [0] } });
  aws.faults.add({ ...rule, probability: 0.2, effect: { kind: "partial-failure", share: 0.1 } });
  aws.faults.add({ ...rule, probability: 0.02, effect: { kind: "reply-lost" } });
}
