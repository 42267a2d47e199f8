import type { S3Client } from "@aws-sdk/client-s3";
import { definePipeline, type Emitter, type KinesisRecord, type Pipeline } from "@kinesis-connectors/core";
import { s3DeadLetters, type S3Plan } from "@kinesis-connectors/s3";
import { keyText, type Line, payloadOf, type RecordKind } from "./payload.js";
import type { Scenario } from "./storm/scenario.js";
import type { SimProcess } from "./world/sim-process.js";

/** What a record is taken for. */
export interface Model {
  readonly id: number;
  readonly kind: RecordKind;
  readonly n: number;
  readonly key: string;
}

/** What is written of a model. */
export type Output = Line;

/** How long a request to a destination may take. */
export const REQUEST_TIMEOUT_MS = 4_000;

/** Where a record that is refused is found out by the server alone. */
const FOUND_BY_SERVER: ReadonlySet<string> = new Set(["redshift", "postgres"]);

/** What no JSON holds. */
const ENDLESS: { self?: object } = {};
ENDLESS.self = ENDLESS;

/** A slow transform takes up to so long, which is well below the time-out. */
const MAX_SLOW_MS = 400;
/** Records whose transformer may be waited for at once, in half of the processes. */
const MAX_IN_FLIGHT = 12;
const TRANSFORM_TIMEOUT_MS = 1_000;

/** Where and how objects are put. */
export function bucketOf(
  { multipart }: Scenario,
  client: S3Client,
): { readonly client: S3Client; readonly bucket: string; readonly requestTimeoutMs: number } {
  return {
    client,
    bucket: "simulated",
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    // A single byte more than nothing goes up in parts then.
    ...(multipart ? { multipartAboveBytes: 1 } : {}),
  };
}

/** The pipeline of one process: the product's own emitter and dead letters, fed by records that do as their payload says. */
export function pipelineOf<Plan>(
  scenario: Scenario,
  process: SimProcess,
  client: S3Client,
  emitter: Emitter<Output, Plan>,
): Pipeline<Model, Output, Plan, S3Plan> {
  const { random, clock } = process;

  const toModel = (record: KinesisRecord): readonly Model[] | Promise<readonly Model[]> => {
    const payload = payloadOf(record.data);
    const { id, kind, outputs } = payload;
    const models = Array.from({ length: outputs }, (_, n) => ({ id, kind, n, key: keyText(payload) }));
    if (kind === "poison" || (kind === "flaky-poison" && random.next() < 0.5))
      throw new Error("the transformer does not like the record");
    if (kind === "stuck") return new Promise(() => undefined);
    if (kind !== "slow") return models;
    return new Promise((resolve) => {
      clock.setTimer(1 + random.next() * MAX_SLOW_MS, () => resolve(models));
    });
  };

  return definePipeline<Model, Output, Plan, S3Plan>({
    transformer: {
      toModel,
      fromModel: ({ id, kind, n, key }, { sequenceNumber, subSequenceNumber }) => {
        const line = { id, n, at: `${sequenceNumber}.${subSequenceNumber}`, key };
        return kind === "rejected"
          ? { ...line, key: "", unwritable: FOUND_BY_SERVER.has(scenario.emitter) ? 1n : ENDLESS }
          : line;
      },
    },
    filter: ({ kind }) => kind !== "filtered" && (kind !== "flaky-filter" || random.next() < 0.5),
    buffer: scenario.buffer,
    // The look at the destination before the start is measured with the machine's clock, so it is left out.
    emitter: { ...emitter, open: nothing },
    ...(scenario.hasDeadLetters
      ? {
          deadLetters: { ...s3DeadLetters({ ...bucketOf(scenario, client), prefix: "dead" }), open: nothing },
        }
      : {}),
    retry: { baseDelayMs: 100, maxDelayMs: 2_000 },
    transformTimeoutMs: TRANSFORM_TIMEOUT_MS,
    transformConcurrency: random.next() < 0.5 ? 1 : 1 + Math.floor(random.next() * MAX_IN_FLIGHT),
  });
}

const nothing = (): Promise<void> => Promise.resolve();
