import { invalidOption } from "../errors.js";
import { checkOptions, type OptionNames } from "../known-options.js";
import type { KinesisRecord } from "../record.js";
import { decodeData, type DecodingTransformer, decodeWith, decodingOf } from "../transformer.js";
import { documentsIn } from "./json-documents.js";
import { DOUBLES, EXACT, type NumberReading, watchedDoubles } from "./number-reading.js";
import { isPlainName, MemberPicker, type Picked } from "./picking/pick-members.js";
import { bufferOf, notJson, parseDocument, readText } from "./record-text.js";

/** The transformer of `json()`: JSON documents as they are, or a few members of them. */
export interface JsonTransformer<Model> extends DecodingTransformer<Model> {
  /**
   * Only these members of the document's top, which are found without parsing the rest, whatever stands before them: a filter that looks at one or two of them,
   * over records whose bytes go on as they are (`.original()`), costs a fraction of parsing. A member that a document lacks is absent from the model.
   *
   * What is within the other values is not read, so damage there, bytes that are no UTF-8 among it, is passed on unnoticed. A document that is no object, or
   * that was cut off, makes the record poison, and so does damage to a member that was picked.
   * @throws KinesisConnectorError `KC_OPTION_INVALID` when no member is named, or `__proto__`
   */
  readonly pick: <Name extends keyof Model & string>(
    ...names: readonly Name[]
  ) => DecodingTransformer<Pick<Model, Name>>;
  /**
   * Each record is an array, and each of its elements is one model, in order: `json<Order[]>().each()` gives orders. An empty array has none, and the
   * record counts as filtered; a document that is no array makes the record poison, and so does one that is damaged, whole.
   */
  readonly each: () => DecodingTransformer<ElementOf<Model>>;
}

/**
 * The elements of a document that is an array; nothing is known of those of others.
 * @inline
 */
type ElementOf<Model> = Model extends readonly (infer Element)[] ? Element : unknown;

/** Options of `json` and `jsonLines`. */
export interface JsonOptions {
  /**
   * Treatment of numbers that a double does not hold: integers past 2^53, decimals of more than 15 to 17 digits, 1e400. By `double` they are rounded, as
   * in every JavaScript program; the first one that is seen is told in a warning, once, and is looked for in the first 10,000 records and in one of eight
   * afterwards. By `exact` integers become bigints and all else `ExactNumber`s, which every destination writes digit for digit, while numbers that a double
   * holds stay numbers. Default `double`.
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
  const [told, untold] = readingsOf("json", options);
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
  return {
    ...whole,
    pick: (...names) => pick<Model, (typeof names)[number]>(names, told, untold),
    each: () => decodeJson<ElementOf<Model>>(elements, told, untold),
  };
}

/**
 * Each record holds JSON documents, each of them one model, in order: one a line, or back to back with nothing or white space between them, as producers write
 * them that batch by themselves. Blank lines are passed over, and a byte order mark before the first.
 *
 * A record with a damaged document, or with none, is poison (`KC_RECORD_POISON`) as a whole: no document of it goes on, and the dead letter holds all its bytes.
 * With `.original()` each document would emit the bytes of the whole record.
 *
 * @example
 * ```ts
 * const archive = definePipeline({
 *   transformer: jsonLines<Click>(),
 *   emitter: s3Emitter({ bucket: "clicks", format: ndjson() }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function jsonLines<Model = unknown>(options: JsonOptions = {}): DecodingTransformer<Model> {
  const [told, untold] = readingsOf("jsonLines", options);
  return decodeJson<Model>(
    // The caller's type for the caller's data, as in `json`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    (reading) => (record) => documentsIn(record, reading) as readonly Model[],
    told,
    untold,
  );
}

/** How numbers are read, first where the models go on. */
function readingsOf(factory: string, options: JsonOptions): readonly [NumberReading, NumberReading] {
  checkOptions(factory, options, JSON_OPTIONS);
  const { numbers = "double" } = options;
  if (numbers !== "double" && numbers !== "exact")
    throw invalidOption(`${factory}: numbers must be "double" or "exact"`);
  // Where the bytes go on as they are, rounding changes nothing that anyone sees.
  return numbers === "exact" ? [EXACT, EXACT] : [watchedDoubles(), DOUBLES];
}

function decodeJson<Model>(
  decoding: (reading: NumberReading) => (record: KinesisRecord) => Model | readonly Model[],
  told: NumberReading,
  untold: NumberReading,
): DecodingTransformer<Model> {
  return decodingOf<Model>(decoding(told), decoding(untold));
}

const elements =
  <Element>(reading: NumberReading) =>
  (record: KinesisRecord): readonly Element[] => {
    const document = parseDocument(record, readText(record), reading);
    if (!Array.isArray(document)) throw notJson(record, "array");
    // The caller's type for the caller's data, as in `json`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return document as readonly Element[];
  };

function pick<Model, Name extends keyof Model & string>(
  names: readonly Name[],
  told: NumberReading,
  untold: NumberReading,
): DecodingTransformer<Pick<Model, Name>> {
  if (names.length === 0 || names.some((name) => typeof name !== "string" || name === "__proto__"))
    throw invalidOption(
      "json().pick() takes the names of the members to pick, one at least, and not __proto__",
    );
  return decodeJson(
    (reading) => {
      const picker = names.every(isPlainName) ? new MemberPicker(names, reading) : undefined;
      return (record) => {
        const { page, dataStart = 0, dataEnd } = record;
        const bytes = page ?? bufferOf(record.data);
        const members =
          picker?.pick(bytes, dataStart, dataEnd ?? bytes.length, record) ??
          pickParsed(record, readText(record), names, reading);
        // The caller's type for the caller's data, as in `json`.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return members as Pick<Model, Name>;
      };
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
