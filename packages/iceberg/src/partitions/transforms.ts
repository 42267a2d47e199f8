import { bytesOfBigint, bytesOfLong, type Value } from "../columns/values.js";
import { murmur3 } from "./murmur3.js";

/** A partition transform: what it makes of a value of the column, and the type of that (Iceberg table spec, "Partition Transforms"). */
export interface Transform {
  /** As a partition spec has it: `day`, `bucket[16]`. */
  readonly text: string;
  /** Undefined for a type of column that it does not take. */
  readonly typeOf: (columnType: string) => string | undefined;
  /** Null stays null. `columnType` is the column's: `long`, `decimal(9,2)`. */
  readonly apply: (value: Value | null, columnType: string) => Value | null;
}

const MICROS_PER_HOUR = 3_600_000_000n;
const MICROS_PER_DAY = 24n * MICROS_PER_HOUR;
const MS_PER_DAY = 86_400_000;
/** Of 400 years. */
const DAYS_PER_ERA = 146_097;

/** Undefined for one that is not known. */
export function transformOf(text: string): Transform | undefined {
  const simple = SIMPLE[text];
  if (simple !== undefined) return { text, ...simple };
  const [, name, parameter] = /^(bucket|truncate)\[([1-9]\d{0,9})\]$/.exec(text) ?? [];
  const width = Number(parameter);
  if (name === undefined || width > 0x7fff_ffff) return undefined;
  return { text, ...(name === "bucket" ? bucket(width) : truncate(width)) };
}

type Rule = Omit<Transform, "text">;

const SIMPLE: Readonly<Record<string, Rule>> = {
  identity: { typeOf: (type) => (isPrimitive(type) ? type : undefined), apply: (value) => value },
  void: { typeOf: (type) => type, apply: () => null },
  year: overTime("int", (days) => Math.floor(monthsOf(days) / 12)),
  month: overTime("int", monthsOf),
  // Java keeps days as dates, and readers show them as such.
  day: overTime("date", (days) => days),
  hour: {
    typeOf: (type) => (isTimestamp(type) ? "int" : undefined),
    apply: (value) => (typeof value === "bigint" ? Number(floored(value, MICROS_PER_HOUR)) : null),
  },
};

function overTime(result: string, ofDays: (days: number) => number): Rule {
  return {
    typeOf: (type) => (type === "date" || isTimestamp(type) ? result : undefined),
    apply: (value) => {
      if (typeof value === "number") return ofDays(value);
      return typeof value === "bigint" ? ofDays(Number(floored(value, MICROS_PER_DAY))) : null;
    },
  };
}

/** Months since 1970. The calendar repeats itself after 400 years, and a column may hold days that `Date` does not reach. */
function monthsOf(days: number): number {
  const eras = Math.floor(days / DAYS_PER_ERA);
  const date = new Date((days - eras * DAYS_PER_ERA) * MS_PER_DAY);
  return (eras * 400 + date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

function floored(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

function bucket(count: number): Rule {
  return {
    typeOf: (type) => (isHashed(type) ? "int" : undefined),
    apply: (value, type) => (value === null ? null : (hashOf(value, type) & 0x7fff_ffff) % count),
  };
}

/** The hash that buckets are made of: integers, dates and moments as longs, decimals by their unscaled value, all else by its bytes. */
export function hashOf(value: Value, columnType: string): number {
  if (value instanceof Uint8Array) return murmur3(value);
  if (typeof value === "string") return murmur3(Buffer.from(value));
  if (typeof value === "bigint" && columnType.startsWith("decimal")) return murmur3(bytesOfBigint(value));
  return murmur3(bytesOfLong(BigInt(value)));
}

function isHashed(type: string): boolean {
  return (
    ["int", "long", "date", "time", "string", "uuid", "binary"].includes(type) ||
    isTimestamp(type) ||
    /^(decimal\(|fixed\[)/.test(type)
  );
}

function truncate(width: number): Rule {
  const wide = BigInt(width);
  return {
    typeOf: (type) =>
      ["int", "long", "string", "binary"].includes(type) || type.startsWith("decimal(") ? type : undefined,
    apply: (value) => {
      if (typeof value === "number") return value - (((value % width) + width) % width);
      if (typeof value === "bigint") return value - (((value % wide) + wide) % wide);
      if (typeof value === "string") return truncatedText(value, width);
      return value instanceof Uint8Array ? value.subarray(0, width) : null;
    },
  };
}

/** The first so many code points: half a surrogate pair is no text. */
export function truncatedText(text: string, codePoints: number): string {
  if (text.length <= codePoints) return text;
  let end = 0;
  for (let count = 0; count < codePoints && end < text.length; count += 1)
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  return text.slice(0, end);
}

function isTimestamp(type: string): boolean {
  return type === "timestamp" || type === "timestamptz";
}

function isPrimitive(type: string): boolean {
  return !["struct", "list", "map"].includes(type);
}
