import { isUtf8 } from "node:buffer";
import {
  hasLoneSurrogate,
  jsonOfOutput,
  checkOptions,
  type KinesisRecord,
  type OptionNames,
  invalidOption,
  poisonRecord,
} from "@kinesis-connectors/core";
import type { ArchiveFormat } from "./archive-format.js";
import type { RecordFormat } from "./format.js";
import type { ObjectWriter } from "./object-writer.js";
import { piecesOf } from "./pieces.js";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const NEW_LINE: Buffer = Buffer.from("\n");
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** The format of `ndjson()`, whose `write` needs no record: other packages write its lines too. */
export interface NdjsonFormat extends RecordFormat<unknown>, ArchiveFormat {
  readonly write: (output: unknown, object: ObjectWriter, record?: KinesisRecord) => void;
}

/**
 * One JSON document per line, each line ended by a line feed.
 *
 * Bytes (of `json().original()` or `bytes()`) are copied as they are, without a look inside: one line end at their end is dropped, and a byte order mark
 * before them, with which readers would refuse the whole object.
 * Bytes with further line feeds must be JSON; its line breaks, which JSON allows between tokens only, become spaces, and nothing
 * else changes. Everything that is not bytes is written as `JSON.stringify` does it, and BigInts and `ExactNumber`s as numbers with all their digits.
 * Half a surrogate pair stays the escape that it is in JSON (`\\ud800`).
 *
 * Refused by name, as dead letters: empty bytes, several lines that are not one JSON document, and what JSON cannot
 * write (undefined, functions, symbols, circular objects).
 */
export function ndjson(): NdjsonFormat {
  // No sizeOf: writing each output as JSON twice is too dear, and the record's own size is near enough for a threshold.
  return {
    extension: ".ndjson",
    contentType: "application/x-ndjson",
    write: writeLine,
    read: async function* ({ chunks, maxRecordBytes }) {
      for await (const lines of piecesOf(chunks(), { separator: NEW_LINE, maxBytes: maxRecordBytes }))
        yield lines.map((data) => ({ data }));
    },
  };
}

/** Options of `raw`. */
export interface RawOptions {
  /** The bytes after every record. Default one line feed; `""` for none. A record that contains it cannot be told from two. */
  readonly separator?: string;
  /** Default `.raw`. */
  readonly extension?: string;
  /** Default `application/octet-stream`. */
  readonly contentType?: string;
}

const NAMES: OptionNames<RawOptions> = { separator: true, extension: true, contentType: true };

/**
 * Bytes as they are, texts in UTF-8, a separator after each record, empty ones included. Refused by name: what is neither, and texts with half a
 * surrogate pair, which UTF-8 cannot write.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function raw(options: RawOptions = {}): RecordFormat<Uint8Array | string> & ArchiveFormat {
  checkOptions("raw", options, NAMES);
  const { separator = "\n", extension = ".raw", contentType = "application/octet-stream" } = options;
  if (typeof separator !== "string") throw invalidOption("raw.separator must be a text");
  if (!/^(?:\.[A-Za-z0-9_-]+)*$/.test(extension) || extension.length > 32) {
    throw invalidOption(
      "raw.extension must be empty or like .txt: dots, letters, digits, _ and -, up to 32 of them",
    );
  }
  if (!/^[\x20-\x7e]{1,256}$/.test(contentType)) {
    throw invalidOption("raw.contentType must be a media type such as text/plain");
  }
  const end = Buffer.from(separator);
  const isLine = separator === "\n";
  return {
    extension,
    contentType,
    write: (output, object) => {
      if (output instanceof Uint8Array) object.writeBytes(output);
      else if (typeof output === "string") object.writeText(wellFormed(output));
      else
        throw poisonRecord(
          "raw() writes bytes and texts only; let the transformer's to(...) return one of them",
        );
      if (isLine) object.writeNewLine();
      else object.writeBytes(end);
    },
    sizeOf: (output) => sizeOf(output) + end.length,
    read: async function* ({ chunks, maxRecordBytes }) {
      if (end.length === 0)
        throw invalidOption(
          'an archive of raw({ separator: "" }) does not say where its records end: it cannot be read record by record',
        );
      for await (const pieces of piecesOf(chunks(), { separator: end, maxBytes: maxRecordBytes }))
        yield pieces.map((data) => ({ data }));
    },
  };
}

/** @throws KinesisConnectorError `KC_RECORD_POISON` for a text that UTF-8 cannot write: another character would stand in its place */
export function wellFormed(text: string): string {
  if (hasLoneSurrogate(text))
    throw poisonRecord("the text holds half a surrogate pair, which UTF-8 cannot write");
  return text;
}

/** Of an output that is neither, 0: `write` refuses it by name, which is better than an error from in between. */
function sizeOf(output: unknown): number {
  if (output instanceof Uint8Array) return output.length;
  return typeof output === "string" ? Buffer.byteLength(output) : 0;
}

function writeLine(output: unknown, object: ObjectWriter): void {
  if (output instanceof Uint8Array) writeLineOfBytes(output, object);
  else object.writeText(jsonOfOutput(output));
  object.writeNewLine();
}

function writeLineOfBytes(bytes: Uint8Array, object: ObjectWriter): void {
  const line = withoutLineEnd(withoutMark(bytes));
  if (line.length === 0)
    throw poisonRecord("an empty record is no line of NDJSON; raw() keeps empty records");
  if (!line.includes(LINE_FEED)) {
    object.writeBytes(line);
    return;
  }
  if (!isJson(line)) {
    throw poisonRecord(
      "the record has several lines and is not one JSON document; raw() writes such records",
    );
  }
  // JSON has line breaks between its tokens only (RFC 8259 §2 and §7), so a space in their place changes nothing. Parsing and
  // writing it anew would: integers past 2^53, 1e400, duplicate keys.
  const joined = Uint8Array.from(line);
  for (let at = 0; at < joined.length; at += 1) {
    if (joined[at] === LINE_FEED || joined[at] === CARRIAGE_RETURN) joined[at] = SPACE;
  }
  object.writeBytes(joined);
}

/** Also what is left of a record that was nothing but the mark is no line. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  const [first, second, third] = BYTE_ORDER_MARK;
  // By index, and nearly always one look, as below.
  return bytes[0] === first && bytes[1] === second && bytes[2] === third ? bytes.subarray(3) : bytes;
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  // By index: `at` costs ten times as much, and this is asked of every record.
  const { length } = bytes;
  if (bytes[length - 1] !== LINE_FEED) return bytes;
  return bytes.subarray(0, bytes[length - 2] === CARRIAGE_RETURN ? -2 : -1);
}

function isJson(bytes: Uint8Array): boolean {
  if (!isUtf8(bytes)) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  try {
    JSON.parse(text);
    return true;
  } catch {
    // V8 quotes the document in its message: the reason stays here.
    return false;
  }
}
