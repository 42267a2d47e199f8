import type { Batch, BufferEntry, Emitter, KinesisRecord } from "@kinesis-connectors/core";
import type { DataSet } from "./data-sets.js";

/** Records of a set come so often in a batch: 100,000 rows of 200 bytes, so that what a format holds shows beside what every process holds. */
const PAGES = 10;

/** A batch that is ready to go, with what producers put for it. */
interface ReadyBatch<Output> {
  readonly batch: Batch<Output>;
  readonly payloads: readonly Uint8Array[];
}

/** Batches of the same outputs, one range after the other, as the engine hands them to an emitter. Without end. */
export function* batchesOf<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  set: DataSet,
  outputs: readonly Output[],
): Generator<ReadyBatch<Output>, never> {
  const pages = Array.from({ length: PAGES }, () => set.userRecords);
  const payloads = pages.flat();
  for (let nth = 0; ; nth += 1) {
    const entries = payloads.map((data, index): BufferEntry<Output> => {
      const record = recordOf(nth * payloads.length + index, data);
      const output = outputs[index % outputs.length] as Output;
      const partition = emitter.batching?.partitionOf?.(output, record);
      const bytes = emitter.sizeOf?.(output, record) ?? data.length;
      return { output, record, bytes, ...(partition === undefined ? {} : { partition }) };
    });
    yield { batch: batchOf(nth, entries), payloads };
  }
}

function batchOf<Output>(nth: number, entries: readonly BufferEntry<Output>[]): Batch<Output> {
  const [first, last] = [entries[0]?.record, entries.at(-1)?.record];
  if (first === undefined || last === undefined) throw new Error("a batch of nothing has no range");
  return {
    batchId: String(nth).padStart(32, "0"),
    application: "bench",
    stream: "bench",
    shardId: "shardId-000000000000",
    first: { sequenceNumber: first.sequenceNumber, subSequenceNumber: 0 },
    last: { sequenceNumber: last.sequenceNumber, subSequenceNumber: 0 },
    recordCount: entries.length,
    entries,
    bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    reason: "records",
    gap: false,
  };
}

function recordOf(index: number, data: Uint8Array): KinesisRecord {
  return {
    sequenceNumber: String(index).padStart(56, "4"),
    subSequenceNumber: 0,
    data,
    partitionKey: "a",
    arrivalTimeMs: 1_700_000_000_000,
  };
}
