import { isUtf8 } from "node:buffer";
import { type KinesisConnectorError, poisonRecord } from "../errors.js";
import { dataBytesOf, type KinesisRecord } from "../record.js";
import type { NumberReading } from "./number-reading.js";

const BYTE_ORDER_MARK = 0xfeff;

/** What a text has where bytes were no UTF-8; real ones are looked at more closely. */
const REPLACEMENT = "\ufffd";

/** The record's text, without the mark that some tools of Windows put before it: it says how the text is encoded, and is none of it. */
export function readText(record: KinesisRecord): string {
  const { page, dataStart = 0, dataEnd } = record;
  const text = (page ?? bufferOf(record.data)).toString("utf8", dataStart, dataEnd);
  // In a text of one byte per character this costs nothing, and only a text with such a character has to be told from one without.
  if (text.includes(REPLACEMENT) && !isUtf8(record.data)) {
    throw poisonRecord(
      `the record's ${dataBytesOf(record)} bytes are not UTF-8; use bytes() for binary data`,
    );
  }
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

/** Records read in CBOR are buffers already; a second view of a small one costs a quarter of parsing it. */
export function bufferOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** One document that is the whole record. */
export function parseDocument(record: KinesisRecord, document: string, reading: NumberReading): unknown {
  try {
    return reading.parse(document, record);
  } catch {
    // V8 quotes the document in its message, and the stack repeats it: neither may reach a log, so the cause is not kept.
    throw notJson(record, "document");
  }
}

/** The error of a record that holds no such JSON. */
export function notJson(record: KinesisRecord, what: "document" | "object" | "array"): KinesisConnectorError {
  return poisonRecord(`the record's ${dataBytesOf(record)} bytes are not a JSON ${what}`);
}
