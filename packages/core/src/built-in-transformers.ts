import { isUtf8 } from "node:buffer";
import { KinesisConnectorError } from "./errors.js";
import type { KinesisRecord } from "./record.js";
import { type DecodingTransformer, decodeWith } from "./transformer.js";

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
  return decodeWith((record) => record.data);
}

function readText(record: KinesisRecord): string {
  const { data } = record;
  if (!isUtf8(data)) {
    throw new KinesisConnectorError(
      "KC_RECORD_POISON",
      `the record's ${data.length} bytes are not UTF-8; use bytes() for binary data`,
    );
  }
  // Records read in CBOR are buffers already; a second view of a small one costs a quarter of parsing it.
  const buffer = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return buffer.toString("utf8");
}

function parseJson(record: KinesisRecord): unknown {
  const document = readText(record);
  try {
    return JSON.parse(document.charCodeAt(0) === BYTE_ORDER_MARK ? document.slice(1) : document);
  } catch {
    // V8 quotes the document in its message, and the stack repeats it: neither may reach a log, so the cause is not kept.
    throw new KinesisConnectorError(
      "KC_RECORD_POISON",
      `the record's ${record.data.length} bytes are not a JSON document`,
    );
  }
}
