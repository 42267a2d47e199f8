import {
  ExactNumber,
  jsonHasLoneSurrogate,
  KinesisConnectorError,
  stringifyJson,
} from "@kinesis-connectors/core";

// Lone surrogates have no UTF-8 form, and Redshift stores no NUL.
// oxlint-disable-next-line no-control-regex -- NUL is what is looked for
const UNWRITABLE = /\u0000|\p{Surrogate}/u;

/** A column's value as the text that COPY reads; undefined for NULL. Objects and arrays are JSON, for SUPER and VARCHAR columns. */
export function textOf(column: string, value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return writable(column, value);
    case "number":
      if (!Number.isFinite(value)) throw poison(column, "is a number that is not finite");
      return String(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "undefined":
      return undefined;
    case "object":
      if (value === null) return undefined;
      if (value instanceof Date) return timeOf(column, value);
      if (ExactNumber.isInstance(value)) return value.text;
      return writable(column, json(column, value));
    default:
      throw poison(column, `is a ${typeof value}`);
  }
}

/** A column's value in a JSON document: like JSON.stringify, but with times as COPY reads them, and BigInts and `ExactNumber`s as numbers. */
export function jsonOf(column: string, value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return JSON.stringify(writable(column, value));
    case "object":
      if (value === null) return "null";
      if (value instanceof Date) return `"${timeOf(column, value)}"`;
      if (ExactNumber.isInstance(value)) return value.text;
      return nestedJson(column, value);
    default:
      return textOf(column, value);
  }
}

/** The columns of a row by name. */
export function fieldsOf(output: unknown): readonly (readonly [string, unknown])[] {
  if (typeof output !== "object" || output === null || Array.isArray(output) || ArrayBuffer.isView(output))
    throw new KinesisConnectorError(
      "KC_RECORD_POISON",
      "a row must be an object of columns and values; let the transformer's to(...) return one",
    );
  return Object.entries(output);
}

/** `YYYY-MM-DD HH:MM:SS.mmm` in UTC: what COPY reads into TIMESTAMP and TIMESTAMPTZ without being told a format. */
function timeOf(column: string, value: Date): string {
  if (Number.isNaN(value.getTime()) || value.getUTCFullYear() < 1 || value.getUTCFullYear() > 9999)
    throw poison(column, "is a time outside of the years 1 to 9999");
  return value.toISOString().replace("T", " ").slice(0, -1);
}

/** A backslash before it makes it a text that only looks so. */
const ESCAPED_NUL = /(?<!\\)(?:\\\\)*\\u0000/;

function nestedJson(column: string, value: object): string {
  const text = json(column, value);
  // In a document NUL and lone surrogates are escapes; COPY would refuse or change them.
  if (jsonHasLoneSurrogate(text) || ESCAPED_NUL.test(text))
    throw poison(column, "holds a character that has no UTF-8 form, or NUL");
  return text;
}

function json(column: string, value: object): string {
  let text: string | undefined;
  try {
    text = stringifyJson(value);
  } catch {
    // The engine's message names keys of the record, so it is not kept.
    throw poison(column, "cannot be written as JSON: it is circular, or its toJSON failed");
  }
  if (text === undefined) throw poison(column, "has no JSON form");
  return text;
}

function writable(column: string, text: string): string {
  if (UNWRITABLE.test(text))
    throw poison(column, "holds NUL or half a surrogate pair, which Redshift cannot store");
  return text;
}

function poison(column: string, problem: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_RECORD_POISON", `the value for column ${column} ${problem}`);
}
