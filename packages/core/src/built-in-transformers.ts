import { isUtf8 } from "node:buffer";
import { KinesisConnectorError } from "./errors.js";
import { dataBytesOf, type KinesisRecord } from "./record.js";
import { decodeData, type DecodingTransformer, decodeWith } from "./transformer.js";

const BYTE_ORDER_MARK = 0xfeff;

/**
 * Each record is one JSON document. The type parameter is a promise by the caller, not a check: validate in `filter` or in an own
 * `toModel` where the producer cannot be trusted. A top-level array is one model. A leading byte order mark is passed over.
 *
 * As in every JavaScript program, integers past 2^53 and numbers past 1.8e308 do not survive decoding; `json().original()` re-emits
 * the producer's bytes where that matters. Data that is not UTF-8 or not JSON makes the record poison (`KC_RECORD_POISON`).
 */
export function json<Model = unknown>(): DecodingTransformer<Model> {
  return decodeWith<Model>((record) => {
    // The caller's type for the caller's data: see the docstring.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const model = parseJson(record) as Model;
    return Array.isArray(model) ? [model] : model;
  });
}

/** Each record is one text in UTF-8. Other bytes make the record poison: replacing them would change the data silently. */
export function text(): DecodingTransformer<string> {
  return decodeWith(readText);
}

/** Each record's bytes, untouched. */
export function bytes(): DecodingTransformer<Uint8Array> {
  return decodeData();
}

/** What a text has where bytes were no UTF-8; real ones are looked at more closely. */
const REPLACEMENT = "\ufffd";

function readText(record: KinesisRecord): string {
  const { page, dataStart = 0, dataEnd } = record;
  const text = (page ?? bufferOf(record.data)).toString("utf8", dataStart, dataEnd);
  // In a text of one byte per character this costs nothing, and only a text with such a character has to be told from one without.
  if (text.includes(REPLACEMENT) && !isUtf8(record.data)) {
    throw new KinesisConnectorError(
      "KC_RECORD_POISON",
      `the record's ${dataBytesOf(record)} bytes are not UTF-8; use bytes() for binary data`,
    );
  }
  return text;
}

/** Records read in CBOR are buffers already; a second view of a small one costs a quarter of parsing it. */
function bufferOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function parseJson(record: KinesisRecord): unknown {
  const document = readText(record);
  try {
    return JSON.parse(document.charCodeAt(0) === BYTE_ORDER_MARK ? document.slice(1) : document);
  } catch {
    // V8 quotes the document in its message, and the stack repeats it: neither may reach a log, so the cause is not kept.
    throw new KinesisConnectorError(
      "KC_RECORD_POISON",
      `the record's ${dataBytesOf(record)} bytes are not a JSON document`,
    );
  }
}
