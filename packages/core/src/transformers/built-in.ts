import { isUtf8 } from "node:buffer";
import { KinesisConnectorError } from "../errors.js";
import { checkOptions, type OptionNames } from "../known-options.js";
import { exactNumberOf, isLost } from "../json/exact-number.js";
import { giveNotice } from "../logging/notices.js";
import { dataBytesOf, type KinesisRecord } from "../record.js";
import { decodeData, type DecodingTransformer, decodeWith } from "../transformer.js";
import { isOutOfRange, losesDigits, parseExact } from "./exact-json.js";
import { isPlainName, type Picked, pickMembers } from "./json-pick.js";

const BYTE_ORDER_MARK = 0xfeff;

/** The transformer of `json()`: JSON documents as they are, or a few members of them. */
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

/** Options of `json`. */
export interface JsonOptions {
  /**
   * Treatment of numbers that a double does not hold: integers past 2^53, decimals of more than 15 to 17 digits, 1e400.
   *
   * - `double` (default): they are rounded, as in every JavaScript program. The first one that is seen is told in a warning, once; it is looked for in
   *   the first 10,000 records and in one of eight afterwards.
   * - `exact`: integers become bigints and all else `ExactNumber`s, which every destination writes digit for digit. Numbers that a double holds stay
   *   numbers.
   */
  readonly numbers?: "double" | "exact";
}

const JSON_OPTIONS: OptionNames<JsonOptions> = { numbers: true };

/**
 * Each record is one JSON document. The type parameter is a promise by the caller, not a check: validate in `filter` or in an own
 * `toModel` where the producer cannot be trusted. A top-level array is one model. A leading byte order mark is passed over.
 *
 * As in every JavaScript program, integers past 2^53 and numbers past 1.8e308 do not survive decoding, unless `numbers` is `exact`;
 * `json().original()` re-emits the producer's bytes. Data that is not UTF-8 or not JSON makes the record poison (`KC_RECORD_POISON`).
 *
 * @example
 * ```ts
 * const paid = definePipeline({
 *   transformer: json<Order>().pick("status").original(),
 *   filter: ({ status }) => status === "paid",
 *   emitter: s3Emitter({ bucket: "orders", format: ndjson() }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function json<Model = unknown>(options: JsonOptions = {}): JsonTransformer<Model> {
  checkOptions("json", options, JSON_OPTIONS);
  const { numbers = "double" } = options;
  if (numbers !== "double" && numbers !== "exact")
    throw new KinesisConnectorError("KC_OPTION_INVALID", 'json: numbers must be "double" or "exact"');
  // Where the bytes go on as they are, rounding changes nothing that anyone sees.
  const [told, untold] = numbers === "exact" ? [EXACT, EXACT] : [watchedDoubles(), DOUBLES];
  const whole = decodeJson<Model>(
    (reading) => (record) => {
      // The caller's type for the caller's data: see the docstring.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const model = parseDocument(record, readText(record), reading) as Model;
      return Array.isArray(model) ? [model] : model;
    },
    told,
    untold,
  );
  return { ...whole, pick: (...names) => pick<Model, (typeof names)[number]>(names, told, untold) };
}

/** How the numbers of documents are read. */
interface NumberReading {
  /** The whole document, as `JSON.parse` reads it. */
  readonly parse: (document: string, record: KinesisRecord) => unknown;
  /** One number of it. */
  readonly numberOf: (literal: string) => unknown;
}

const DOUBLES: NumberReading = { parse: (document) => JSON.parse(document) as unknown, numberOf: Number };

const EXACT: NumberReading = {
  parse: (document, { page, data, dataStart = 0, dataEnd }) =>
    page === undefined
      ? parseExact(document, data, 0, data.length)
      : parseExact(document, page, dataStart, dataEnd ?? page.length),
  numberOf: exactNumberOf,
};

/** So many records are looked at one by one, and of the following ones one in `ONE_IN`: a field that loses digits does so all the time. */
const LOOKED_AT = 10_000;
const ONE_IN = 8;
/** The same of large exponents, which cost more to look for. */
const ONE_IN_FAR = 64;
/** Shorter numbers lose nothing. */
const LONG_LITERAL = 16;

/** Doubles, and a notice for the first number that was rounded. */
function watchedDoubles(): NumberReading {
  let isTold = false;
  let seen = 0;
  const tell = (): void => {
    isTold = true;
    giveNotice({
      code: "KC_DIGITS_LOST",
      message:
        "records hold numbers that a JavaScript number does not hold (integers past 2^53, long decimals, 1e400), and json() rounded them; " +
        'json({ numbers: "exact" }) keeps them, and json().original() passes the bytes on',
    });
  };
  return {
    parse: (document, record) => {
      if (!isTold) {
        seen += 1;
        const exponents = seen <= LOOKED_AT || seen % ONE_IN_FAR === 0;
        if ((exponents || seen % ONE_IN === 0) && isRounded(document, record, exponents)) tell();
      }
      return JSON.parse(document) as unknown;
    },
    numberOf: (literal) => {
      if (!isTold && (literal.length >= LONG_LITERAL || isOutOfRange(literal)) && isLost(literal)) tell();
      return Number(literal);
    },
  };
}

function isRounded(document: string, record: KinesisRecord, exponents: boolean): boolean {
  const { page, dataStart = 0 } = record;
  if (page === undefined)
    return losesDigits(document, record.data, { start: 0, end: record.data.length, exponents });
  return losesDigits(document, page, { start: dataStart, end: record.dataEnd ?? page.length, exponents });
}

function decodeJson<Model>(
  decoding: (reading: NumberReading) => (record: KinesisRecord) => Model | readonly Model[],
  told: NumberReading,
  untold: NumberReading,
): DecodingTransformer<Model> {
  return { ...decodeWith<Model>(decoding(told)), original: decodeWith<Model>(decoding(untold)).original };
}

function pick<Model, Name extends keyof Model & string>(
  names: readonly Name[],
  told: NumberReading,
  untold: NumberReading,
): DecodingTransformer<Pick<Model, Name>> {
  if (names.length === 0 || names.some((name) => typeof name !== "string" || name === "__proto__"))
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      "json().pick() takes the names of the members to pick, one at least, and not __proto__",
    );
  const isPlain = names.every(isPlainName);
  return decodeJson(
    (reading) => (record) => {
      const document = readText(record);
      const members =
        (isPlain ? pickMembers(document, names, reading.numberOf) : undefined) ??
        pickParsed(record, document, names, reading);
      // The caller's type for the caller's data, as in `json`.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return members as Pick<Model, Name>;
    },
    told,
    untold,
  );
}

function pickParsed(
  record: KinesisRecord,
  document: string,
  names: readonly string[],
  reading: NumberReading,
): Picked {
  const parsed = parseDocument(record, document, reading);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw notJson(record, "object");
  const members: Picked = {};
  for (const name of names)
    if (Object.hasOwn(parsed, name)) members[name] = (parsed as Readonly<Picked>)[name];
  return members;
}

/** Each record is one text in UTF-8; a byte order mark before it is passed over. Other bytes make the record poison: replacing them would change the data silently. */
export function text(): DecodingTransformer<string> {
  return decodeWith(readText);
}

/** Each record's bytes, untouched. */
export function bytes(): DecodingTransformer<Uint8Array> {
  return decodeData();
}

/** What a text has where bytes were no UTF-8; real ones are looked at more closely. */
const REPLACEMENT = "\ufffd";

/** The record's text, without the mark that some tools of Windows put before it: it says how the text is encoded, and is none of it. */
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
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

/** Records read in CBOR are buffers already; a second view of a small one costs a quarter of parsing it. */
function bufferOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function parseDocument(record: KinesisRecord, document: string, reading: NumberReading): unknown {
  try {
    return reading.parse(document, record);
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
