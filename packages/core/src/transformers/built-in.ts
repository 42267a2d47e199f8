import { isUtf8 } from "node:buffer";
import { KinesisConnectorError } from "../errors.js";
import { isPlainName, type Picked, pickMembers } from "./json-pick.js";
import { dataBytesOf, type KinesisRecord } from "../record.js";
import { decodeData, type DecodingTransformer, decodeWith } from "../transformer.js";

const BYTE_ORDER_MARK = 0xfeff;

/** What `json()` returns: JSON documents as they are, or a few members of them. */
export interface JsonTransformer<Model> extends DecodingTransformer<Model> {
  /**
   * Only these members of the document's top, which are found without parsing the rest: a filter that looks at one or two of them, over records whose bytes
   * go on as they are (`.original()`), costs a fraction of parsing. A member that a document lacks is absent from the model.
   *
   * The rest of the document is not looked at, so damage there is passed on unnoticed; a document that is no object makes the record poison.
   * @throws KinesisConnectorError `KC_OPTION_INVALID` when no member is named, or `__proto__`
   */
  readonly pick: <Name extends keyof Model & string>(
    ...names: readonly Name[]
  ) => DecodingTransformer<Pick<Model, Name>>;
}

/**
 * Each record is one JSON document. The type parameter is a promise by the caller, not a check: validate in `filter` or in an own
 * `toModel` where the producer cannot be trusted. A top-level array is one model. A leading byte order mark is passed over.
 *
 * As in every JavaScript program, integers past 2^53 and numbers past 1.8e308 do not survive decoding; `json().original()` re-emits
 * the producer's bytes where that matters. Data that is not UTF-8 or not JSON makes the record poison (`KC_RECORD_POISON`).
 *
 * @example
 * ```ts
 * const paid = definePipeline({
 *   transformer: json<Order>().pick("status").original(),
 *   filter: ({ status }) => status === "paid",
 *   emitter: s3Emitter({ bucket: "orders", format: ndjson() }),
 * });
 * ```
 */
export function json<Model = unknown>(): JsonTransformer<Model> {
  const whole = decodeWith<Model>((record) => {
    // The caller's type for the caller's data: see the docstring.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const model = parseJson(record) as Model;
    return Array.isArray(model) ? [model] : model;
  });
  return { ...whole, pick: (...names) => pick<Model, (typeof names)[number]>(names) };
}

function pick<Model, Name extends keyof Model & string>(
  names: readonly Name[],
): DecodingTransformer<Pick<Model, Name>> {
  if (names.length === 0 || names.some((name) => typeof name !== "string" || name === "__proto__"))
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      "json().pick() takes the names of the members to pick, one at least, and not __proto__",
    );
  const isPlain = names.every(isPlainName);
  return decodeWith((record) => {
    const document = readText(record);
    const members =
      (isPlain ? pickMembers(document, names) : undefined) ?? pickParsed(record, document, names);
    // The caller's type for the caller's data, as in `json`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return members as Pick<Model, Name>;
  });
}

function pickParsed(record: KinesisRecord, document: string, names: readonly string[]): Picked {
  const parsed = parseDocument(record, document);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw notJson(record, "object");
  const members: Picked = {};
  for (const name of names)
    if (Object.hasOwn(parsed, name)) members[name] = (parsed as Readonly<Picked>)[name];
  return members;
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
  return parseDocument(record, readText(record));
}

function parseDocument(record: KinesisRecord, document: string): unknown {
  try {
    return JSON.parse(document.charCodeAt(0) === BYTE_ORDER_MARK ? document.slice(1) : document);
  } catch {
    // V8 quotes the document in its message, and the stack repeats it: neither may reach a log, so the cause is not kept.
    throw notJson(record, "document");
  }
}

function notJson(record: KinesisRecord, what: "document" | "object"): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_RECORD_POISON",
    `the record's ${dataBytesOf(record)} bytes are not a JSON ${what}`,
  );
}
