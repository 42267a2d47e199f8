import { createHash } from "node:crypto";
import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type EmitResult,
  type KinesisRecord,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";

/** 2026-03-29T00:59:59Z: a second before clocks in Europe jump an hour forward. */
export const ARRIVAL_MS = Date.UTC(2026, 2, 29, 0, 59, 59);

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function record(index: number, data: Uint8Array, changes: Partial<KinesisRecord> = {}): KinesisRecord {
  return {
    sequenceNumber: String(49_600_000_000_000 + index),
    subSequenceNumber: 0,
    partitionKey: `key-${index}`,
    arrivalTimeMs: ARRIVAL_MS + index,
    data,
    ...changes,
  };
}

export function entryOf<Output>(
  index: number,
  output: Output,
  changes: Partial<KinesisRecord> = {},
): BufferEntry<Output> {
  const text = JSON.stringify(output, (_name, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  const data = output instanceof Uint8Array ? output : bytesOf(text);
  return { output, record: record(index, data, changes), bytes: data.length };
}

export function batchOfEntries<Output>(
  entries: readonly BufferEntry<Output>[],
  changes: Partial<Batch<Output>> = {},
): Batch<Output> {
  const first = changes.first ?? entries[0]?.record ?? { sequenceNumber: "1", subSequenceNumber: 0 };
  const last = changes.last ?? entries.at(-1)?.record ?? first;
  const owner = { application: "archive", stream: "clicks", shardId: "shardId-000000000003", ...changes };
  const range = [
    owner.application,
    owner.stream,
    owner.shardId,
    first.sequenceNumber,
    first.subSequenceNumber,
    last.sequenceNumber,
    last.subSequenceNumber,
  ];
  return {
    batchId: createHash("sha256").update(range.join(" ")).digest("hex").slice(0, 32),
    ...owner,
    first: { sequenceNumber: first.sequenceNumber, subSequenceNumber: first.subSequenceNumber },
    last: { sequenceNumber: last.sequenceNumber, subSequenceNumber: last.subSequenceNumber },
    recordCount: entries.length,
    entries,
    bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    reason: "records",
    gap: false,
    ...changes,
  };
}

export function batchOf<Output>(
  outputs: readonly Output[],
  changes: Partial<Batch<Output>> = {},
): Batch<Output> {
  return batchOfEntries(
    outputs.map((output, index) => entryOf(index, output)),
    changes,
  );
}

export function contextOf<Plan>(plan: Plan, changes: Partial<EmitContext<Plan>> = {}): EmitContext<Plan> {
  return {
    plan,
    attempt: 1,
    inherited: false,
    signal: new AbortController().signal,
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
    ...changes,
  };
}

/** The plan as it comes back from the lease row. */
export function planOf<Output, Plan>(emitter: Emitter<Output, Plan>, batch: Batch<Output>): Plan {
  const plan = emitter.plan?.(batch);
  return plan === undefined ? (undefined as Plan) : (JSON.parse(JSON.stringify(plan)) as Plan);
}

/** Plans and emits, as the engine does for a batch of its own. */
export async function deliver<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  batch: Batch<Output>,
  changes: Partial<EmitContext<Plan>> = {},
): Promise<EmitResult<Output>> {
  return emitter.emit(batch, contextOf(planOf(emitter, batch), changes));
}

/** What a promise was rejected with. */
export async function failureFrom(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error("rejected with something that is not an Error", { cause: error });
  }
  throw new Error("expected a rejection");
}

/** What a function threw. */
export function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error("threw something that is not an Error", { cause: error });
  }
  throw new Error("expected an error");
}
