import { createHash } from "node:crypto";
import { type Batch, type BufferEntry, type KinesisRecord, stringifyJson } from "@kinesis-connectors/core";

/** Whose batches these are, where a test does not say. */
const OWNER = { application: "archive", stream: "clicks", shardId: "shardId-000000000003" };

const FIRST_SEQUENCE_NUMBER = 49_600_000_000_000n;

/** 2026-03-29T00:59:59Z: a second before clocks in Europe jump an hour forward, so that local time in a test goes wrong early. */
const FIRST_ARRIVAL_MS = Date.UTC(2026, 2, 29, 0, 59, 59);

/**
 * One output with the record it was made of: for tests of an emitter without the engine in front of it. The record holds the output's
 * bytes, or its JSON, and its index gives it a sequence number, a partition key (`key-<index>`) and an arrival time of its own.
 *
 * @param index place in the shard, from 0
 * @param changes fields of the record that matter to the test
 */
export function entryOf<Output>(
  index: number,
  output: Output,
  changes: Partial<KinesisRecord> = {},
): BufferEntry<Output> {
  const data = output instanceof Uint8Array ? output : new TextEncoder().encode(textOf(output));
  const record: KinesisRecord = {
    sequenceNumber: (FIRST_SEQUENCE_NUMBER + BigInt(index)).toString(),
    subSequenceNumber: 0,
    partitionKey: `key-${index}`,
    arrivalTimeMs: FIRST_ARRIVAL_MS + index,
    data,
    ...changes,
  };
  return { output, record, bytes: data.length };
}

/**
 * A batch as the engine hands it to an emitter: its range spans the entries, and its id follows from owner and range alone.
 *
 * @param changes fields that matter to the test; an owner or an end of the range that is given here is also in the id
 */
export function batchOfEntries<Output>(
  entries: readonly BufferEntry<Output>[],
  changes: Partial<Batch<Output>> = {},
): Batch<Output> {
  const first = positionOf(changes.first ?? entries[0]?.record);
  const last = positionOf(changes.last ?? entries.at(-1)?.record ?? first);
  const batch = {
    ...OWNER,
    first,
    last,
    recordCount: Math.max(1, new Set(entries.map(({ record }) => record)).size),
    entries,
    bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    reason: "records",
    gap: false,
    ...changes,
  } as const;
  const range = [
    batch.application,
    batch.stream,
    batch.shardId,
    first.sequenceNumber,
    first.subSequenceNumber,
    last.sequenceNumber,
    last.subSequenceNumber,
  ];
  const batchId = createHash("sha256").update(range.join("\n")).digest("hex").slice(0, 32);
  return { batchId, ...batch };
}

/** A batch of these outputs, one record each. `changes` as for `batchOfEntries`. */
export function batchOf<Output>(
  outputs: readonly Output[],
  changes: Partial<Batch<Output>> = {},
): Batch<Output> {
  return batchOfEntries(
    outputs.map((output, index) => entryOf(index, output)),
    changes,
  );
}

function positionOf(record: Batch<never>["first"] | undefined): Batch<never>["first"] {
  return {
    sequenceNumber: record?.sequenceNumber ?? FIRST_SEQUENCE_NUMBER.toString(),
    subSequenceNumber: record?.subSequenceNumber ?? 0,
  };
}

/** What JSON cannot write is what some tests are about; the record behind it can be anything then. */
function textOf(output: unknown): string {
  try {
    return stringifyJson(output) ?? "record";
  } catch {
    return "record";
  }
}
