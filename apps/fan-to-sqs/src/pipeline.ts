import { isWarm, type Reading } from "@kinesis-connectors/app-sample";
import { definePipeline, json, type Pipeline } from "@kinesis-connectors/core";
import { sqsEmitter, type SqsEmitterOptions } from "@kinesis-connectors/sqs";

/** Where readings go; it travels to worker processes as JSON. */
export type Target = Pick<SqsEmitterOptions<Reading>, "queueUrl" | "endpoint" | "region"> & {
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

/** Readings that are warm enough, as JSON. */
export function readingsPipeline(target: Target): Pipeline<Reading, Reading> {
  return definePipeline({
    transformer: json<Reading>().to((reading) => reading),
    filter: isWarm,
    buffer: { maxRecords: 1_000, maxAgeMs: 500 },
    emitter: sqsEmitter<Reading>(target),
    retry: { baseDelayMs: 20 },
  });
}
