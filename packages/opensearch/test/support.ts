import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type KinesisRecord,
  type Logger,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";

/** 2026-03-29T00:59:59Z: a second before clocks in Europe jump an hour forward. */
const ARRIVAL_MS: number = Date.UTC(2026, 2, 29, 0, 59, 59);

export const SHARD_ID = "shardId-000000000003";

function record(index: number, changes: Partial<KinesisRecord> = {}): KinesisRecord {
  return {
    sequenceNumber: String(49_600_000_000_000 + index),
    subSequenceNumber: 0,
    partitionKey: `key-${index}`,
    arrivalTimeMs: ARRIVAL_MS + index,
    data: new Uint8Array(0),
    ...changes,
  };
}

export function entryOf<Output>(
  index: number,
  output: Output,
  changes: Partial<KinesisRecord> = {},
): BufferEntry<Output> {
  return { output, record: record(index, changes), bytes: 0 };
}

export function batchOfEntries<Output>(entries: readonly BufferEntry<Output>[]): Batch<Output> {
  const first = entries[0]?.record ?? record(0);
  return {
    batchId: "0123456789abcdef0123456789abcdef",
    application: "index",
    stream: "clicks",
    shardId: SHARD_ID,
    first,
    last: entries.at(-1)?.record ?? first,
    recordCount: entries.length,
    entries,
    bytes: 0,
    reason: "records",
    gap: false,
  };
}

export function batchOf<Output>(outputs: readonly Output[]): Batch<Output> {
  return batchOfEntries(outputs.map((output, index) => entryOf(index, output)));
}

export function contextOf(changes: Partial<EmitContext<undefined>> = {}): EmitContext<undefined> {
  return {
    plan: undefined,
    attempt: 1,
    inherited: false,
    signal: new AbortController().signal,
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
    ...changes,
  };
}

/** What became of a batch: `<action> <error>` for each entry that failed, by its place in the batch. */
export async function failuresOf<Output>(
  emitter: Emitter<Output>,
  batch: Batch<Output>,
): Promise<Readonly<Record<number, string>>> {
  const { failed } = await emitter.emit(batch, contextOf());
  return Object.fromEntries(
    failed.map(({ entry, action, error }) => [batch.entries.indexOf(entry), `${action} ${error.name}`]),
  );
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

/** A logger that keeps its lines. */
export function keepingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (fields: object, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { lines, debug: keep, info: keep, warn: keep, error: keep };
}
