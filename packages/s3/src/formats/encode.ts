import { setImmediate as nextTurn } from "node:timers/promises";
import { asError, type BufferEntry, dataBytesOf, type FailedEntry } from "@kinesis-connectors/core";
import type { Format, ObjectFormat, RecordFormat } from "./format.js";
import { ObjectWriter } from "./object-writer.js";

/** So much is encoded in one turn of the event loop: other shards and the lease renewal get theirs in between. */
const BYTES_PER_TURN = 2 * 1024 * 1024;
/** Encoding many tiny records is as long a turn as a few large ones. */
const ENTRIES_PER_TURN = 20_000;

/** The bytes of an object, and the entries that its format refused: with any of these, the bytes are not to be used. */
export interface Encoded<Output> {
  readonly bytes: Buffer;
  readonly refused: readonly FailedEntry<Output>[];
}

/** Makes an object of entries. The bytes are a buffer of their own, no larger than needed. */
export async function encode<Output>(
  entries: readonly BufferEntry<Output>[],
  format: Format<Output>,
  signal: AbortSignal,
): Promise<Encoded<Output>> {
  return format.encodeObject === undefined
    ? encodeOneByOne(entries, format, signal)
    : encodeAtOnce(entries, format, signal);
}

async function encodeAtOnce<Output>(
  entries: readonly BufferEntry<Output>[],
  format: ObjectFormat<Output>,
  signal: AbortSignal,
): Promise<Encoded<Output>> {
  const { bytes, refused = [] } = await format.encodeObject(
    entries.map((entry) => entry.output),
    { signal },
  );
  signal.throwIfAborted();
  const failed = refused.map(({ index, error }) => {
    const entry = entries[index];
    if (entry === undefined) throw new RangeError(`the format refused output ${index} of ${entries.length}`);
    return { entry, action: "dead-letter" as const, error };
  });
  return { bytes: asBuffer(bytes ?? new Uint8Array()), refused: failed };
}

/** Lays outputs one behind the other. Entries that the format refuses leave nothing behind. */
async function encodeOneByOne<Output>(
  entries: readonly BufferEntry<Output>[],
  format: RecordFormat<Output>,
  signal: AbortSignal,
): Promise<Encoded<Output>> {
  const writer = new ObjectWriter(expectedBytes(entries));
  const refused: FailedEntry<Output>[] = [];
  let turnBytes = 0;
  let turnEntries = 0;
  format.begin?.(writer);
  for (const entry of entries) {
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
  return { bytes: writer.take(), refused };
}

/** The records' own sizes with a separator each: the entries' sizes may be estimates of compressed bytes. */
function expectedBytes(entries: readonly BufferEntry<unknown>[]): number {
  let bytes = 1024;
  for (const { record } of entries) bytes += dataBytesOf(record) + 1;
  return bytes;
}

function tryWrite<Output>(
  entry: BufferEntry<Output>,
  format: RecordFormat<Output>,
  writer: ObjectWriter,
): Error | undefined {
  try {
    format.write(entry.output, writer, entry.record);
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
