import { encodeCbor } from "./cbor-writer.js";
import type { PutRecordsEntry, PutRecordsRequest } from "../json/put-records-json.js";

// RFC 8949 section 3: the major type stands in the three high bits, and a short length in the five low ones.
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const ENDLESS_MAP = 0xbf;
/** A type with a length of up to four bytes. */
const HEAD_BYTES = 5;

const RECORDS = encodeCbor("Records");
const DATA = encodeCbor("Data");
const PARTITION_KEY = encodeCbor("PartitionKey");
const EXPLICIT_HASH_KEY = encodeCbor("ExplicitHashKey");
const NAMES_BYTES = DATA.length + PARTITION_KEY.length + EXPLICIT_HASH_KEY.length;

/**
 * Writes PutRecords as AWS-CBOR 1.1: the same value as `encodeCbor` writes, in one buffer of about the right size and without a look at what
 * each member is.
 * @throws WireFormatError when a member cannot be sent
 */
export function writePutRecordsCbor(request: PutRecordsRequest): Buffer {
  const { Records: entries, ...others } = request;
  // The break at its end is that of the whole request.
  const rest = encodeCbor(others).subarray(1);
  const writer = new EntryWriter(bytesOf(entries) + rest.length);
  writer.raw([ENDLESS_MAP]);
  writer.raw(RECORDS);
  writer.head(ARRAY, entries.length);
  for (const entry of entries) {
    if (isUsual(entry)) writer.entry(entry);
    else writer.bytes(encodeCbor(entry));
  }
  writer.bytes(rest);
  return writer.finish();
}

/** How long the request will be, if its keys are ASCII. */
function bytesOf(entries: readonly PutRecordsEntry[]): number {
  let bytes = 1 + RECORDS.length + HEAD_BYTES;
  for (const { Data: data, PartitionKey: key, ExplicitHashKey: hashKey } of entries)
    bytes += data.length + (key?.length ?? 0) + (hashKey?.length ?? 0) + NAMES_BYTES + 4 * HEAD_BYTES;
  return bytes;
}

/** Whether an entry has its own members only, each of its own type. */
function isUsual(entry: PutRecordsEntry): boolean {
  for (const name in entry)
    if (name !== "Data" && name !== "PartitionKey" && name !== "ExplicitHashKey") return false;
  return (
    typeof entry.PartitionKey === "string" &&
    (entry.ExplicitHashKey === undefined || typeof entry.ExplicitHashKey === "string")
  );
}

class EntryWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(bytes: number) {
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  entry({ Data: data, PartitionKey: key, ExplicitHashKey: hashKey }: PutRecordsEntry): void {
    this.head(MAP, hashKey === undefined ? 2 : 3);
    this.raw(DATA);
    this.head(BYTES, data.length);
    this.bytes(data);
    this.raw(PARTITION_KEY);
    this.#text(key);
    if (hashKey === undefined) return;
    this.raw(EXPLICIT_HASH_KEY);
    this.#text(hashKey);
  }

  head(major: number, length: number): void {
    const buffer = this.#room(HEAD_BYTES);
    const at = this.#length;
    if (length < 24) {
      buffer[at] = (major << 5) | length;
      this.#length = at + 1;
    } else if (length < 0x1_00) {
      buffer[at] = (major << 5) | 24;
      buffer[at + 1] = length;
      this.#length = at + 2;
    } else if (length < 0x1_00_00) {
      buffer[at] = (major << 5) | 25;
      buffer[at + 1] = length >> 8;
      buffer[at + 2] = length & 0xff;
      this.#length = at + 3;
    } else {
      // A record has 10 MiB at most, and a request 500 records.
      buffer[at] = (major << 5) | 26;
      this.#length = buffer.writeUInt32BE(length, at + 1);
    }
  }

  /** A few bytes: for so few a loop is faster than a copy by the runtime. */
  raw(piece: ArrayLike<number>): void {
    const buffer = this.#room(piece.length);
    let at = this.#length;
    for (let index = 0; index < piece.length; index += 1) {
      buffer[at] = piece[index] as number;
      at += 1;
    }
    this.#length = at;
  }

  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length).set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #text(text: string): void {
    const { length } = text;
    // In UTF-8 at most three bytes for each of the text's units.
    const buffer = this.#room(HEAD_BYTES + 3 * length);
    const start = this.#length + (length < 24 ? 1 : 2);
    if (length < 0x1_00) {
      let index = 0;
      for (let code = 0; index < length && (code = text.charCodeAt(index)) < 0x80; index += 1)
        buffer[start + index] = code;
      if (index === length) {
        this.head(TEXT, length);
        this.#length += length;
        return;
      }
    }
    const bytes = Buffer.byteLength(text);
    this.head(TEXT, bytes);
    this.#length += this.#room(bytes).write(text, this.#length);
  }

  #room(bytes: number): Buffer {
    const needed = this.#length + bytes;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, needed));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    return this.#buffer;
  }
}
