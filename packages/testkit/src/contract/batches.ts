import { createHash } from "node:crypto";
import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type KinesisRecord,
  silentLogger,
  systemClock,
} from "@kinesis-connectors/core";
import { seededRandom } from "../seeded-random.js";

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
  sizeOf?: Emitter<Output>["sizeOf"],
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
    return { output, record, bytes: sizeOf?.(output, record) ?? record.data.length };
  });
  return deepFreeze(batchOfEntries(entries));
}

/** The batch that the engine makes of `batch` when only these of its entries are left. */
export function withEntries<Output>(
  batch: Batch<Output>,
  entries: readonly BufferEntry<Output>[],
): Batch<Output> {
  return deepFreeze({ ...batch, entries, bytes: sumOfBytes(entries) });
}

/** What an emitter is given beside a batch; the plan has been through JSON, as through the lease row. */
export function contextOf<Plan>(plan: Plan, changes: Partial<EmitContext<Plan>> = {}): EmitContext<Plan> {
  return {
    plan,
    attempt: 1,
    inherited: false,
    signal: new AbortController().signal,
    logger: silentLogger,
    clock: systemClock,
    random: seededRandom(1),
    ...changes,
  };
}

/** The plan of a batch as it comes back from the lease row; undefined for emitters without one. */
export function planOf<Output, Plan>(emitter: Emitter<Output, Plan>, batch: Batch<Output>): Plan {
  const plan = emitter.plan?.(batch);
  // An emitter without a plan is one whose plan is undefined: the same cast as in the engine.
  return plan === undefined ? (undefined as Plan) : (JSON.parse(JSON.stringify(plan)) as Plan);
}

/** Freezes all that can be frozen. Bytes cannot: whoever cares compares them with a copy. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}

function batchOfEntries<Output>(entries: readonly BufferEntry<Output>[]): Batch<Output> {
  const first = positionOf(entries[0]?.record);
  const last = positionOf(entries.at(-1)?.record);
  const range = [
    ...Object.values(OWNER),
    first.sequenceNumber,
    first.subSequenceNumber,
    last.sequenceNumber,
    last.subSequenceNumber,
  ];
  return {
    ...OWNER,
    batchId: createHash("sha256").update(range.join("\n")).digest("hex").slice(0, 32),
    first,
    last,
    recordCount: Math.max(1, new Set(entries.map(({ record }) => record)).size),
    entries,
    bytes: sumOfBytes(entries),
    reason: "records",
    gap: false,
  };
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

function positionOf(record: KinesisRecord | undefined): Batch<never>["first"] {
  return {
    sequenceNumber: record?.sequenceNumber ?? FIRST_SEQUENCE_NUMBER.toString(),
    subSequenceNumber: record?.subSequenceNumber ?? 0,
  };
}

function sumOfBytes(entries: readonly BufferEntry<unknown>[]): number {
  return entries.reduce((sum, entry) => sum + entry.bytes, 0);
}
