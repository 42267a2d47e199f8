import { definePipeline, json, type Pipeline } from "@kinesis-connectors/core";
import { sqsEmitter, type SqsEmitterOptions } from "@kinesis-connectors/sqs";

/** A reading of a sensor. */
export interface Reading {
  readonly sensor: string;
  readonly number: number;
  readonly celsius: number;
}

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

/** What the filter keeps. */
export function isWarm({ celsius }: Reading): boolean {
  return celsius >= 10;
}
