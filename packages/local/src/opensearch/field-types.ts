import { digitsOf } from "../exact-json.js";
import type { ErrorCause } from "./errors.js";
import { isObject } from "../json-values.js";

/** The field types that are told apart; others are refused when an index is made. */
const TYPES = [
  "boolean",
  "byte",
  "date",
  "double",
  "float",
  "integer",
  "keyword",
  "long",
  "object",
  "short",
  "text",
] as const;

/** The type of a field. */
export type FieldType = (typeof TYPES)[number];

/** A field of a mapping. */
export interface Field {
  readonly type: FieldType;
  /** Dates with slashes, as a dynamic mapping finds them. */
  readonly hasSlashes?: boolean;
  /** Of a keyword: longer texts are left out of the index. */
  readonly ignoreAbove?: number;
}

/** Whether a type is among those that are told apart. */
export function isFieldType(type: string): type is FieldType {
  return (TYPES as readonly string[]).includes(type);
}

/** A term of Lucene has so many bytes at most (IndexWriter.MAX_TERM_LENGTH). */
const MAX_TERM_BYTES = 32_766;

const RANGES: ReadonlyMap<FieldType, readonly [bigint, bigint]> = new Map([
  ["byte", [-128n, 127n]],
  ["short", [-32_768n, 32_767n]],
  ["integer", [-(2n ** 31n), 2n ** 31n - 1n]],
  ["long", [-(2n ** 63n), 2n ** 63n - 1n]],
]);

/** strict_date_optional_time: all parts in their full width, and only the last ones left out. */
const DATE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(?:(\d{2})(?::(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?)?)?$/u;
const DATE_WITH_SLASHES = /^(\d{4})\/(\d{2})\/(\d{2})(?: (\d{2}):(\d{2}):(\d{2}))?$/u;
const EPOCH_MILLIS = /^-?\d{1,19}(?:\.\d+)?$/u;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dfDF]?$/u;

/** Why a value does not fit a field, as the cause that the service tells; undefined when it fits. */
export function misfitOf({ type, hasSlashes }: Field, value: unknown): ErrorCause | undefined {
  if (isObject(value)) {
    if (type !== "text" && type !== "keyword" && type !== "date")
      return {
        type: "json_parse_exception",
        reason: "Current token (START_OBJECT) is not of the field's type",
      };
    return { type: "illegal_state_exception", reason: "Can't get text on a START_OBJECT" };
  }
  switch (type) {
    case "text":
    case "keyword":
      return undefined;
    case "boolean":
      return booleanMisfit(value);
    case "date":
      return dateMisfit(value, hasSlashes === true);
    default:
      return numberMisfit(type, value);
  }
}

/** What Lucene says to a text of a keyword field that is too long for a term; undefined for others. */
export function immenseTerm(path: string, { type, ignoreAbove }: Field, value: unknown): string | undefined {
  if (type !== "keyword" || typeof value !== "string") return undefined;
  if (ignoreAbove !== undefined && value.length > ignoreAbove) return undefined;
  // A UTF-16 unit has at most three bytes: only long texts need counting.
  const bytes = value.length * 3 <= MAX_TERM_BYTES ? 0 : Buffer.byteLength(value);
  return bytes <= MAX_TERM_BYTES
    ? undefined
    : `Document contains at least one immense term in field="${path}" (whose UTF8 encoding is longer than the max length ${MAX_TERM_BYTES}), ` +
        `original message: bytes can be at most ${MAX_TERM_BYTES} in length; got ${bytes}`;
}

/** The field that a dynamic mapping makes of a value. A text is searched for dates only where it has a sign of one (DocumentParser). */
export function dynamicField(value: unknown): Field {
  if (isObject(value)) return { type: "object" };
  if (typeof value === "boolean") return { type: "boolean" };
  const digits = digitsOf(value);
  if (digits !== undefined) return { type: /^-?\d+$/u.test(digits) ? "long" : "float" };
  if (typeof value === "string" && /[-:/]/u.test(value)) {
    if (isDate(DATE.exec(value))) return { type: "date" };
    if (isDate(DATE_WITH_SLASHES.exec(value))) return { type: "date", hasSlashes: true };
  }
  return { type: "text" };
}

function booleanMisfit(value: unknown): ErrorCause | undefined {
  if (typeof value === "boolean" || value === "true" || value === "false" || value === "") return undefined;
  if (digitsOf(value) !== undefined)
    return { type: "json_parse_exception", reason: "Current token not of boolean type" };
  return illegalArgument(`Failed to parse value [${String(value)}] as only [true] or [false] are allowed.`);
}

function dateMisfit(value: unknown, hasSlashes: boolean): ErrorCause | undefined {
  const text = digitsOf(value) ?? String(value);
  if (text === "") return illegalArgument("cannot parse empty date");
  if (EPOCH_MILLIS.test(text)) return undefined;
  if (isDate((hasSlashes ? DATE_WITH_SLASHES : DATE).exec(text))) return undefined;
  return {
    ...illegalArgument(`failed to parse date field [${text}]`),
    caused_by: { type: "date_time_parse_exception", reason: "Failed to parse with all enclosed parsers" },
  };
}

/** A date that the calendar has: no 30th of February, no 24th hour. */
function isDate(match: RegExpExecArray | null): boolean {
  if (match === null) return false;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)));
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return false;
  return day >= 1 && day <= new Date(Date.UTC(year === 0 ? 4 : year, month, 0)).getUTCDate();
}

function numberMisfit(type: FieldType, value: unknown): ErrorCause | undefined {
  if (typeof value === "boolean")
    return {
      type: "json_parse_exception",
      reason: "Current token not numeric, can not use numeric value accessors",
    };
  const digits = digitsOf(value);
  const text = digits ?? String(value);
  const isNamed = !RANGES.has(type) && /^[+-]?(?:NaN|Infinity)$/u.test(text);
  if (digits === undefined && !isNamed && (text === "" || !DECIMAL.test(text)))
    return text === "" ? undefined : noNumber(type, `For input string: "${text}"`);
  const range = RANGES.get(type);
  if (range === undefined) {
    const number = type === "float" ? Math.fround(Number(text)) : Number(text);
    return Number.isFinite(number)
      ? undefined
      : illegalArgument(`[${type}] supports only finite values, but got [${number}]`);
  }
  const whole = wholePart(text);
  if (whole !== undefined && whole >= range[0] && whole <= range[1]) return undefined;
  // A number is read as such by the parser of JSON, a text by the field; bytes only by the field.
  return digits === undefined || type === "byte"
    ? illegalArgument(`Value [${text}] is out of range for a ${type}`)
    : { type: "input_coercion_exception", reason: `Numeric value (${text}) out of range of ${type}` };
}

/** Fields with fractions leave it to Java to read a text, unless it is a name of no number. */
function noNumber(type: FieldType, reason: string): ErrorCause {
  return type === "float" || type === "double"
    ? { type: "number_format_exception", reason }
    : illegalArgument(reason);
}

/** What is before the point: fields of whole numbers cut off the rest (`coerce`). Undefined for what no such field holds anyway. */
function wholePart(text: string): bigint | undefined {
  const [, sign = "", whole = "", fraction = "", power = "0"] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?[dfDF]?$/u.exec(text) ?? [];
  const exponent = Number(power);
  if (exponent > 40) return /[1-9]/u.test(whole + fraction) ? undefined : 0n;
  const moved = whole.length + exponent;
  const digits = moved <= 0 ? "0" : (whole + fraction).padEnd(moved, "0").slice(0, moved);
  return BigInt(`${sign === "-" ? "-" : ""}${digits}`);
}

function illegalArgument(reason: string): ErrorCause {
  return { type: "illegal_argument_exception", reason };
}
