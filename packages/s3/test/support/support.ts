import type { Batch, Emitter, KinesisRecord } from "@kinesis-connectors/core";
import type { S3Plan } from "@kinesis-connectors/s3";
import { entryOf, planOf } from "@kinesis-connectors/testkit";

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The record behind an entry of a batch. */
export const record = (
  index: number,
  data: Uint8Array,
  changes: Partial<KinesisRecord> = {},
): KinesisRecord => entryOf(index, data, changes).record;

/** 2026-03-29T00:59:59Z, when the first record of a batch arrives: a second before clocks in Europe jump an hour forward. */
export const ARRIVAL_MS = record(0, new Uint8Array()).arrivalTimeMs;

/** The key of the only object of a batch. */
export function keyOf<Output>(emitter: Emitter<Output, S3Plan>, batch: Batch<Output>): string {
  const [planned] = planOf(emitter, batch).places;
  if (planned === undefined) throw new Error("the batch has no object");
  return planned.key;
}
