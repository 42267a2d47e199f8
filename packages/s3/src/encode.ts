import { setImmediate as nextTurn } from "node:timers/promises";
import { asError, type Batch, type BufferEntry, type FailedEntry } from "@kinesis-connectors/core";
import type { Format } from "./formats.js";
import { ObjectWriter } from "./object-writer.js";

/** So much is encoded in one turn of the event loop: other shards and the lease renewal get theirs in between. */
const BYTES_PER_TURN = 2 * 1024 * 1024;
/** Encoding many tiny records is as long a turn as a few large ones. */
const ENTRIES_PER_TURN = 20_000;

/** The bytes of an object, and the entries that its format refused. */
export interface Encoded<Output> {
  readonly bytes: Buffer;
  readonly refused: readonly FailedEntry<Output>[];
}

/** Lays a batch's outputs into one buffer. Entries that the format refuses leave nothing in it. */
export async function encode<Output>(
  batch: Batch<Output>,
  format: Format<Output>,
  signal: AbortSignal,
): Promise<Encoded<Output>> {
  // A separator per record comes on top of the sizes that were counted.
  const writer = new ObjectWriter(batch.bytes + batch.entries.length + 1024);
  const refused: FailedEntry<Output>[] = [];
  let turnBytes = 0;
  let turnEntries = 0;
  for (const entry of batch.entries) {
    const start = writer.length;
    const error = tryWrite(entry, format, writer);
    if (error !== undefined) {
      writer.truncate(start);
      refused.push({ entry, action: "dead-letter", error });
    }
    turnEntries += 1;
    turnBytes += writer.length - start;
    if (turnBytes >= BYTES_PER_TURN || turnEntries >= ENTRIES_PER_TURN) {
      turnBytes = 0;
      turnEntries = 0;
      await nextTurn();
      signal.throwIfAborted();
    }
  }
  return { bytes: writer.bytes(), refused };
}

function tryWrite<Output>(
  entry: BufferEntry<Output>,
  format: Format<Output>,
  writer: ObjectWriter,
): Error | undefined {
  try {
    format.write(entry.output, writer);
    return undefined;
  } catch (error) {
    return asError(error);
  }
}
