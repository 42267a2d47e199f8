import {
  type Batch,
  type BufferEntry,
  type Emitter,
  type EncodedOutputs,
  type BatchWriterContext,
  type BatchWriter,
  type KinesisRecord,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import type { S3Plan } from "@kinesis-connectors/s3";
import { batchOfEntries } from "@kinesis-connectors/testkit";
import type { EncodedObjects } from "../../src/encoding/encoded-objects.js";

/** A record with what the transformer made of it. */
export interface Transformed<Output> {
  readonly record: KinesisRecord;
  readonly outputs: readonly Output[];
}

const WRITER_CONTEXT: BatchWriterContext = {
  application: "archive",
  stream: "clicks",
  shardId: "shardId-000000000003",
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
};

/** The emitter's writer of a shard. */
export function writerOf<Output>(
  emitter: Emitter<Output, S3Plan>,
  changes: Partial<BatchWriterContext> = {},
): BatchWriter<Output> {
  const writer = emitter.createWriter?.({ ...WRITER_CONTEXT, ...changes });
  if (writer === undefined) throw new Error("the emitter has no writer");
  return writer;
}

/** Takes records in as the engine does; returns the entries of those that were kept. */
export function takeIn<Output>(
  emitter: Emitter<Output, S3Plan>,
  writer: BatchWriter<Output>,
  records: readonly Transformed<Output>[],
): BufferEntry<Output>[] {
  const kept: BufferEntry<Output>[] = [];
  for (const { record, outputs } of records) {
    const staged: BufferEntry<Output>[] = [];
    try {
      const partitions = outputs.map((output) => emitter.batching?.partitionOf?.(output, record));
      outputs.forEach((output, nth) => {
        const partition = partitions[nth];
        const bytes = writer.write(output, record, partition);
        staged.push({ output, record, bytes, ...(partition === undefined ? {} : { partition }) });
      });
    } catch {
      writer.drop();
      continue;
    }
    writer.keep();
    kept.push(...staged);
  }
  return kept;
}

/** The same range with its outputs encoded and with its entries. */
export function bothWays<Output>(
  emitter: Emitter<Output, S3Plan>,
  writer: BatchWriter<Output>,
  records: readonly Transformed<Output>[],
  changes: Partial<Batch<Output>> = {},
): { readonly encoded: Batch<Output>; readonly plain: Batch<Output> } {
  const entries = takeIn(emitter, writer, records);
  const [first, last] = [records[0]?.record, records.at(-1)?.record];
  if (first === undefined || last === undefined) throw new Error("a range has at least one record");
  const plain = batchOfEntries(entries, { first, last, recordCount: records.length, ...changes });
  return { plain, encoded: { ...plain, entries: [], encoded: writer.drain() } };
}

/** The bytes of the only object of what was encoded; undefined where there is none. */
export async function bodyOf(encoded: EncodedOutputs): Promise<Buffer | undefined> {
  const [object] = (encoded as EncodedObjects).objects;
  const body = await object?.body();
  return body?.read(0, body.length);
}
