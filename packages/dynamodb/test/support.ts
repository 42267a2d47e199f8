import { createHash } from "node:crypto";
import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type EmitResult,
  type Emitter,
  type KinesisRecord,
  type Logger,
  silentLogger,
  systemClock,
} from "@kinesis-connectors/core";
import { seededRandom } from "@kinesis-connectors/testkit";

/** Real sequence numbers have 56 digits, more than a number of DynamoDB holds. */
const FIRST_SEQUENCE_NUMBER = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n;

function record(index: number, changes: Partial<KinesisRecord> = {}): KinesisRecord {
  return {
    sequenceNumber: (FIRST_SEQUENCE_NUMBER + BigInt(index)).toString(),
    subSequenceNumber: 0,
    partitionKey: "p",
    arrivalTimeMs: Date.UTC(2026, 2, 29) + index,
    data: new Uint8Array([1]),
    ...changes,
  };
}

export function entryOf<Output>(
  output: Output,
  index: number,
  changes: Partial<KinesisRecord> = {},
): BufferEntry<Output> {
  return { output, record: record(index, changes), bytes: 1 };
}

export function batchOfEntries<Output>(
  entries: readonly BufferEntry<Output>[],
  shardId = "shardId-000000000003",
): Batch<Output> {
  const first = entries[0]?.record ?? record(0);
  const last = entries.at(-1)?.record ?? first;
  return {
    batchId: createHash("sha256").update(`${shardId} ${first.sequenceNumber}`).digest("hex").slice(0, 32),
    application: "orders",
    stream: "orders",
    shardId,
    first: { sequenceNumber: first.sequenceNumber, subSequenceNumber: first.subSequenceNumber },
    last: { sequenceNumber: last.sequenceNumber, subSequenceNumber: last.subSequenceNumber },
    recordCount: entries.length,
    entries,
    bytes: entries.length,
    reason: "records",
    gap: false,
  };
}

/** A batch of one record for each output, whose sequence numbers begin at `from`. */
export function batchOf<Output>(outputs: readonly Output[], from = 0, shardId?: string): Batch<Output> {
  return batchOfEntries(
    outputs.map((output, index) => entryOf(output, from + index)),
    shardId,
  );
}

export function contextOf(changes: Partial<EmitContext<undefined>> = {}): EmitContext<undefined> {
  return {
    plan: undefined,
    attempt: 1,
    inherited: false,
    signal: new AbortController().signal,
    logger: silentLogger,
    clock: systemClock,
    random: seededRandom(1),
    ...changes,
  };
}

/** Emits again after each failure that the engine would try again, without its pauses. */
export async function emitStubbornly<Output>(
  emitter: Emitter<Output>,
  batch: Batch<Output>,
  maxAttempts: number,
): Promise<{ readonly result: EmitResult<Output>; readonly attempts: number }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { result: await emitter.emit(batch, contextOf({ attempt })), attempts: attempt };
    } catch (error) {
      if (attempt === maxAttempts || (error instanceof Error && error.name === "KinesisConnectorError"))
        throw error;
    }
  }
}

/** What a promise was rejected with. */
export async function failureFrom(promise: Promise<unknown> | undefined): Promise<Error> {
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

/** A logger that keeps its lines. */
export function keepingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (fields: object, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { lines, debug: keep, info: keep, warn: keep, error: keep };
}
