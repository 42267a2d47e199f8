import {
  type Batch,
  type BufferEntry,
  type Emitter,
  type BatchWriter,
  type KinesisRecord,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { seeded, word } from "./documents.js";

/** An object of 64 KiB, as one record: words, and an end of line that `raw()` adds. */
export const OBJECT: Buffer = Buffer.from(word(seeded(64)).padEnd(64, " bench").repeat(1_024)).subarray(
  0,
  -1,
);

/** A batch that is ready to go, with what producers put for it. */
interface ReadyBatch<Output> {
  readonly batch: Batch<Output>;
  readonly payloads: readonly Uint8Array[];
}

/**
 * Batches of the same outputs, one range after the other, as the engine hands them to an emitter: encoded page by page by an emitter that can, and as
 * entries by others. Without end.
 *
 * @param userRecords the records of a page
 * @param outputs what was made of them, one each
 * @param pageCount how often the page comes in a batch
 */
export async function* batchesOf<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  userRecords: readonly Buffer[],
  outputs: readonly Output[],
  pageCount: number,
): AsyncGenerator<ReadyBatch<Output>, never> {
  const pages = Array.from({ length: pageCount }, () => userRecords);
  const payloads = pages.flat();
  const writer = emitter.createWriter?.({
    application: "bench",
    stream: "bench",
    shardId: "shardId-000000000000",
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  for (let nth = 0; ; nth += 1) {
    const start = nth * payloads.length;
    const batch = batchOf<Output>(nth, start, payloads.length);
    if (writer === undefined) {
      yield { batch: { ...batch, entries: entriesOf(emitter, outputs, payloads, start) }, payloads };
      continue;
    }
    let index = 0;
    for (const page of pages) {
      for (const data of page) {
        stage(emitter, writer, outputs[index % outputs.length] as Output, recordOf(start + index, data));
        index += 1;
      }
      // The next page would have to be read first.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const encoded = writer.drain();
    yield { batch: { ...batch, encoded }, payloads };
    encoded.discard();
  }
}

function stage<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  writer: BatchWriter<Output>,
  output: Output,
  record: KinesisRecord,
): void {
  writer.write(output, record, emitter.batching?.partitionOf?.(output, record));
  writer.keep();
}

function entriesOf<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  outputs: readonly Output[],
  payloads: readonly Uint8Array[],
  start: number,
): readonly BufferEntry<Output>[] {
  return payloads.map((data, index) => {
    const record = recordOf(start + index, data);
    const output = outputs[index % outputs.length] as Output;
    const partition = emitter.batching?.partitionOf?.(output, record);
    const bytes = emitter.sizeOf?.(output, record) ?? data.length;
    return { output, record, bytes, ...(partition === undefined ? {} : { partition }) };
  });
}

function batchOf<Output>(nth: number, start: number, count: number): Batch<Output> {
  return {
    batchId: String(nth).padStart(32, "0"),
    application: "bench",
    stream: "bench",
    shardId: "shardId-000000000000",
    first: { sequenceNumber: sequenceNumberOf(start), subSequenceNumber: 0 },
    last: { sequenceNumber: sequenceNumberOf(start + count - 1), subSequenceNumber: 0 },
    recordCount: count,
    entries: [],
    bytes: 0,
    reason: "records",
    gap: false,
  };
}

function recordOf(index: number, data: Uint8Array): KinesisRecord {
  return {
    sequenceNumber: sequenceNumberOf(index),
    subSequenceNumber: 0,
    data,
    partitionKey: "a",
    arrivalTimeMs: 1_700_000_000_000,
  };
}

function sequenceNumberOf(index: number): string {
  return `4${String(index).padStart(55, "0")}`;
}
