import type { Batch, BufferEntry, Emitter, KinesisRecord } from "@kinesis-connectors/core";
import { batchOfEntries } from "../batches.js";

const OWNER = { application: "contract", stream: "contract", shardId: "shardId-000000000000" };

/** Real sequence numbers have up to 56 digits; the tenth of these is the first with one digit more. */
const FIRST_SEQUENCE_NUMBER = 10n ** 55n - 10n;

/** How the outputs of a batch belong to records. */
interface Grouping {
  readonly outputsPerRecord: number;
  readonly recordsPerSequenceNumber: number;
}

/** A batch of these outputs that nobody can change: one record each, or several outputs of each user record of aggregated ones. */
export function batchOf<Output>(
  outputs: readonly Output[],
  partitionKeyOf: (index: number) => string = (index) => `key-${index}`,
  emitter: Pick<Emitter<Output, never>, "sizeOf"> = {},
  { outputsPerRecord, recordsPerSequenceNumber }: Grouping = {
    outputsPerRecord: 1,
    recordsPerSequenceNumber: 1,
  },
): Batch<Output> {
  const records = Array.from({ length: Math.ceil(outputs.length / outputsPerRecord) }, (_, index) =>
    recordOf(index, recordsPerSequenceNumber, partitionKeyOf(index)),
  );
  const entries = outputs.map((output, index): BufferEntry<Output> => {
    const record = records[Math.floor(index / outputsPerRecord)] as KinesisRecord;
    return { output, record, bytes: emitter.sizeOf?.(output, record) ?? record.data.length };
  });
  return deepFreeze(batchOfEntries(entries, OWNER));
}

/** The batch that the engine makes of `batch` when only these of its entries are left. */
export function withEntries<Output>(
  batch: Batch<Output>,
  entries: readonly BufferEntry<Output>[],
): Batch<Output> {
  return deepFreeze({ ...batch, entries, bytes: sumOfBytes(entries) });
}

/** Freezes all that can be frozen. Bytes cannot: whoever cares compares them with a copy. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}

function recordOf(index: number, recordsPerSequenceNumber: number, partitionKey: string): KinesisRecord {
  const step = Math.floor(index / recordsPerSequenceNumber);
  return {
    sequenceNumber: (FIRST_SEQUENCE_NUMBER + BigInt(step)).toString(),
    subSequenceNumber: index % recordsPerSequenceNumber,
    partitionKey,
    arrivalTimeMs: Date.UTC(2026, 0, 1) + step,
    data: new TextEncoder().encode(`record ${index}`),
  };
}

function sumOfBytes(entries: readonly BufferEntry<unknown>[]): number {
  return entries.reduce((sum, entry) => sum + entry.bytes, 0);
}
