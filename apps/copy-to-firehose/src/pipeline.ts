import { definePipeline, json, type Pipeline } from "@kinesis-connectors/core";
import { firehoseEmitter, type FirehoseEmitterOptions } from "@kinesis-connectors/firehose";

/** A reading of a sensor. */
export interface Reading {
  readonly sensor: string;
  readonly number: number;
  readonly celsius: number;
}

/** Where readings go; it travels to worker processes as JSON. */
export type Target = Pick<FirehoseEmitterOptions<Reading>, "deliveryStream" | "endpoint" | "region"> & {
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

/** Readings that are warm enough, as JSON. */
export function readingsPipeline(target: Target): Pipeline<Reading, Reading> {
  return definePipeline({
    transformer: json<Reading>().to((reading) => reading),
    filter: isWarm,
    buffer: { maxRecords: 1_000, maxAgeMs: 500 },
    emitter: firehoseEmitter<Reading>(target),
    retry: { baseDelayMs: 20 },
  });
}

/** What the filter keeps. */
export function isWarm({ celsius }: Reading): boolean {
  return celsius >= 10;
}
