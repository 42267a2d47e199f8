import {
  ExactNumber,
  hasLoneSurrogate,
  jsonHasLoneSurrogate,
  jsonOfOutput,
  poisonRecord,
} from "@kinesis-connectors/core";
import type { Column } from "../target/target.js";

/**
 * A value as an element of an array's text (manual, "Array Input and Output Syntax"): texts stand in double quotes, numbers and NULL do not.
 * @throws KinesisConnectorError `KC_RECORD_POISON`, naming the column and nothing of the value
 */
export function elementOf(value: unknown, column: Column): string {
  if (value === undefined || value === null) return "NULL";
  if (!column.isArray) return scalarOf(value, column);
  return quoted(arrayText(value, column, 0), column);
}

/** Arrays of PostgreSQL have six dimensions at most (`MAXDIM` of c.h). */
const MAX_DIMENSIONS = 6;

function arrayText(value: unknown, column: Column, depth: number): string {
  if (!Array.isArray(value)) throw misfit(column, "is no array, but its column is one");
  if (depth === MAX_DIMENSIONS) throw misfit(column, `has more than ${MAX_DIMENSIONS} dimensions`);
  const elements = (value as readonly unknown[]).map((element) => {
    if (element === undefined || element === null) return "NULL";
    // An array of JSON documents may hold arrays that are documents.
    return Array.isArray(element) && column.kind !== "json"
      ? arrayText(element, column, depth + 1)
      : scalarOf(element, column);
  });
  return `{${elements.join(column.delimiter)}}`;
}

function scalarOf(value: unknown, column: Column): string {
  if (column.kind === "json") return jsonElement(value, column);
  switch (typeof value) {
    case "string":
      if (column.kind === "bytes") break;
      return quoted(value, column);
    case "number":
    case "bigint":
    case "boolean":
      if (column.kind === "bytes") break;
      // Digits and words: nothing in them means anything to an array.
      return String(value);
    default:
      return objectElement(value, column);
  }
  throw misfit(column, "must be a Uint8Array: the column is bytea");
}

function objectElement(value: unknown, column: Column): string {
  if (column.kind === "bytes") {
    // The backslash of the hex format is one of the array, too.
    if (value instanceof Uint8Array)
      return `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}"`;
    throw misfit(column, "must be a Uint8Array: the column is bytea");
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw misfit(column, "is an invalid Date");
    return `"${isoText(value)}"`;
  }
  if (ExactNumber.isInstance(value)) return value.text;
  throw misfit(
    column,
    Array.isArray(value)
      ? "is an array, but its column is none; a column of the type jsonb holds any"
      : `is of the type ${typeof value}, which its column does not hold; a column of the type jsonb holds any object`,
  );
}

const DAY_MS = 86_400_000;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, "0"));
let lastDay = Number.NaN;
let lastDate = "";
let lastEra = "";

/**
 * As `toISOString` has it, a few times as fast: times of a batch are mostly of one day. Years before the first and after 9999 as PostgreSQL reads them, without a
 * sign.
 */
function isoText(date: Date): string {
  const time = date.getTime();
  const day = Math.floor(time / DAY_MS);
  if (day !== lastDay) {
    // All before "00:00:00.000Z".
    const days = date.toISOString().slice(0, -13);
    const year = date.getUTCFullYear();
    lastDate = year < 1 ? `${String(1 - year).padStart(4, "0")}${days.slice(-7)}` : days.replace(/^\+0*/, "");
    lastEra = year < 1 ? " BC" : "";
    lastDay = day;
  }
  const ms = time - day * DAY_MS;
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  const thousandths = String(ms - seconds * 1_000).padStart(3, "0");
  return `${lastDate}${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}.${thousandths}Z${lastEra}`;
}

function jsonElement(value: unknown, column: Column): string {
  const json = jsonOfOutput(value);
  if (jsonHasLoneSurrogate(json))
    throw misfit(column, "holds half a surrogate pair, which no text of a database holds");
  return escaped(json);
}

// oxlint-disable-next-line no-control-regex -- NUL is what is looked for
const SPECIAL = /["\\\0]/;

function quoted(text: string, column: Column): string {
  if (hasLoneSurrogate(text))
    throw misfit(column, "holds half a surrogate pair, which no text of a database holds");
  if (!SPECIAL.test(text)) return `"${text}"`;
  if (text.includes("\0")) throw misfit(column, "holds a NUL character, which no text of PostgreSQL holds");
  return escaped(text);
}

function escaped(text: string): string {
  const backslashes = text.includes("\\") ? text.replaceAll("\\", "\\\\") : text;
  return `"${backslashes.replaceAll('"', String.raw`\"`)}"`;
}

function misfit({ name }: Column, what: string): Error {
  return poisonRecord(`the value for the column ${name} ${what}`);
}

/** Bytes that a value takes at least, without looking into it. */
export function leastBytesOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  // Two hex digits for each.
  return value instanceof Uint8Array ? 2 * value.length : 0;
}
