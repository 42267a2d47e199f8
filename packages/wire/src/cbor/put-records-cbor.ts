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
/** All of an entry but its data and its keys. */
const ENTRY_BYTES = NAMES_BYTES + 4 * HEAD_BYTES;
/** In UTF-8, for each unit of a text, at most. */
const UNIT_BYTES = 3;

/** Memory that a request is written into: so many bytes at least, with whatever is in them. */
type TakeMemory = (bytes: number) => Buffer;

/**
 * Writes PutRecords as AWS-CBOR 1.1: the same value as `encodeCbor` writes, in one buffer that is large enough from the beginning and without a look at
 * what each member is.
 *
 * @param take - where the request goes. Default: fresh memory.
 * @throws WireFormatError when a member cannot be sent
 */
export function writePutRecordsCbor(
  request: PutRecordsRequest,
  take: TakeMemory = (bytes) => Buffer.allocUnsafe(bytes),
): Buffer {
  const { Records: entries, ...others } = request;
  const entryBytes = mostBytesOf(entries);
  // One entry with members that are not known here, or of strange types.
  if (entryBytes < 0) return encodeCbor(request);
  // The break at its end is that of the whole request.
  const rest = encodeCbor(others).subarray(1);
  const buffer = take(1 + RECORDS.length + HEAD_BYTES + entryBytes + rest.length);
  buffer[0] = ENDLESS_MAP;
  let at = piece(buffer, 1, RECORDS);
  at = head(buffer, at, ARRAY, entries.length);
  for (const { Data: data, PartitionKey: key, ExplicitHashKey: hashKey } of entries) {
    at = head(buffer, at, MAP, hashKey === undefined ? 2 : 3);
    at = piece(buffer, at, DATA);
    at = head(buffer, at, BYTES, data.length);
    buffer.set(data, at);
    at += data.length;
    at = text(buffer, piece(buffer, at, PARTITION_KEY), key);
    if (hashKey !== undefined) at = text(buffer, piece(buffer, at, EXPLICIT_HASH_KEY), hashKey);
  }
  buffer.set(rest, at);
  return buffer.subarray(0, at + rest.length);
}

/** The most that these entries can take; -1 where one has other members than its own, or one of another type. */
function mostBytesOf(entries: readonly PutRecordsEntry[]): number {
  let bytes = 0;
  for (const entry of entries) {
    for (const name in entry)
      if (name !== "Data" && name !== "PartitionKey" && name !== "ExplicitHashKey") return -1;
    const { Data: data, PartitionKey: key, ExplicitHashKey: hashKey } = entry;
    if (typeof key !== "string") return -1;
    bytes += ENTRY_BYTES + data.length + UNIT_BYTES * key.length;
    if (hashKey === undefined) continue;
    if (typeof hashKey !== "string") return -1;
    bytes += UNIT_BYTES * hashKey.length;
  }
  return bytes;
}

// Each of these writes at a place, and gives the place behind what it wrote.

function head(buffer: Buffer, at: number, major: number, length: number): number {
  const type = major << 5;
  if (length < 24) {
    buffer[at] = type | length;
    return at + 1;
  }
  if (length < 0x1_00) {
    buffer[at] = type | 24;
    buffer[at + 1] = length;
    return at + 2;
  }
  if (length < 0x1_00_00) {
    buffer[at] = type | 25;
    buffer[at + 1] = length >> 8;
    buffer[at + 2] = length & 0xff;
    return at + 3;
  }
  // A record has 10 MiB at most, and a request 500 records.
  buffer[at] = type | 26;
  return buffer.writeUInt32BE(length, at + 1);
}

/** A few bytes: for so few a loop is faster than a copy by the runtime. */
function piece(buffer: Buffer, at: number, bytes: Uint8Array): number {
  for (let index = 0; index < bytes.length; index += 1) buffer[at + index] = bytes[index] as number;
  return at + bytes.length;
}

function text(buffer: Buffer, at: number, value: string): number {
  const { length } = value;
  if (length < 0x1_00) {
    const start = at + (length < 24 ? 1 : 2);
    let index = 0;
    for (let code = 0; index < length && (code = value.charCodeAt(index)) < 0x80; index += 1)
      buffer[start + index] = code;
    if (index === length) return head(buffer, at, TEXT, length) + length;
  }
  const start = head(buffer, at, TEXT, Buffer.byteLength(value));
  return start + buffer.write(value, start);
}
