import type { S3Client } from "@aws-sdk/client-s3";
import { definePipeline, type KinesisRecord, type Pipeline } from "@kinesis-connectors/core";
import { ndjson, s3DeadLetters, s3Emitter, type S3Plan } from "@kinesis-connectors/s3";
import { type Line, payloadOf, type RecordKind } from "./payload.js";
import type { Scenario } from "./scenario.js";
import type { SimProcess } from "./sim-process.js";

interface Model {
  readonly id: number;
  readonly kind: RecordKind;
  readonly n: number;
}

/** What is written of a model: a line, or what no format can write. */
type Output = Line | bigint;

/** A slow transform takes up to so long, which is well below the time-out. */
const MAX_SLOW_MS = 400;
const TRANSFORM_TIMEOUT_MS = 1_000;

/** The pipeline of one process: the product's own S3 emitter and dead letters, fed by records that do as their payload says. */
export function pipelineOf(
  scenario: Scenario,
  process: SimProcess,
  client: S3Client,
): Pipeline<Model, Output, S3Plan, S3Plan> {
  const { random, clock } = process;
  const place = {
    client,
    bucket: "simulated",
    requestTimeoutMs: 4_000,
    // A single byte more than nothing goes up in parts then.
    ...(scenario.multipart ? { multipartAboveBytes: 1 } : {}),
  };

  // An heir that asked again would put a record into two objects, or into none: it has to follow what was stored.
  const partitioned =
    scenario.partitions > 1
      ? { partition: () => ({ part: Math.floor(random.next() * scenario.partitions) }) }
      : {};

  const toModel = (record: KinesisRecord): readonly Model[] | Promise<readonly Model[]> => {
    const { id, kind, outputs } = payloadOf(record.data);
    const models = Array.from({ length: outputs }, (_, n) => ({ id, kind, n }));
    if (kind === "poison" || (kind === "flaky-poison" && random.next() < 0.5))
      throw new Error("the transformer does not like the record");
    if (kind === "stuck") return new Promise(() => undefined);
    if (kind !== "slow") return models;
    return new Promise((resolve) => {
      clock.setTimer(1 + random.next() * MAX_SLOW_MS, () => resolve(models));
    });
  };

  return definePipeline<Model, Output, S3Plan, S3Plan>({
    transformer: {
      toModel,
      fromModel: ({ id, kind, n }, { sequenceNumber, subSequenceNumber }) =>
        kind === "rejected" ? 1n : { id, n, at: `${sequenceNumber}.${subSequenceNumber}` },
    },
    filter: ({ kind }) => kind !== "filtered" && (kind !== "flaky-filter" || random.next() < 0.5),
    buffer: scenario.buffer,
    // Their look at the bucket before the start is measured with the machine's clock, so it is left out.
    emitter: {
      ...s3Emitter<Output>({ ...place, ...partitioned, prefix: "archive", format: ndjson() }),
      open: nothing,
    },
    ...(scenario.hasDeadLetters
      ? { deadLetters: { ...s3DeadLetters({ ...place, prefix: "dead" }), open: nothing } }
      : {}),
    retry: { baseDelayMs: 100, maxDelayMs: 2_000 },
    transformTimeoutMs: TRANSFORM_TIMEOUT_MS,
  });
}

const nothing = (): Promise<void> => Promise.resolve();
