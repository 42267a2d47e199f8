import type { TimestampUnit } from "./types.js";

const MS_PER_DAY = 86_400_000;
const SECONDS_PER_DAY = 86_400;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT =
  /^(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?(?:[Zz]|([+-])([01]\d|2[0-3]):?([0-5]\d))$/;

/** Digits of a second, and what a file's 64 bits of them hold. */
const UNITS: Readonly<Record<TimestampUnit, { readonly digits: number; readonly perSecond: bigint }>> = {
  ms: { digits: 3, perSecond: 1_000n },
  us: { digits: 6, perSecond: 1_000_000n },
  ns: { digits: 9, perSecond: 1_000_000_000n },
};
const INT64_LIMIT = 2n ** 63n;

/**
 * Units since 1970 of a `Date`, or of an ISO 8601 text with a zone; undefined for all else, where digits of a second would be lost unless they may be
 * cut off, and out of range.
 */
export function momentOf(value: unknown, unit: TimestampUnit, truncates: boolean): bigint | undefined {
  const { digits, perSecond } = UNITS[unit];
  if (value instanceof Date) {
    const ms = value.getTime();
    return Number.isNaN(ms) ? undefined : inRange((BigInt(ms) * perSecond) / 1000n);
  }
  if (typeof value !== "string") return undefined;
  const found = MOMENT.exec(value);
  if (found === null) return undefined;
  const [, day = "", hour, minute, second, fraction = "", sign, zoneHours = 0, zoneMinutes = 0] = found;
  const days = lastDay.text === day ? lastDay.days : daysOf(day);
  if (days === undefined) return undefined;
  if (!truncates && fraction.length > digits && /[1-9]/.test(fraction.slice(digits))) return undefined;
  if (lastDay.text !== day) lastDay = { text: day, days };
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === "-" ? -60 : 60);
  const seconds = days * SECONDS_PER_DAY + Number(hour) * 3600 + Number(minute) * 60 + Number(second) - zone;
  const units = Number(fraction.slice(0, digits).padEnd(digits, "0"));
  const sum = seconds * Number(perSecond) + units;
  return Number.isSafeInteger(sum) ? BigInt(sum) : inRange(BigInt(seconds) * perSecond + BigInt(units));
}

const LOCAL = /^\d{4}-\d{2}-\d{2}[Tt ][\d:.,]+$/;

/** Units since 1970 of an ISO 8601 text without a zone, as if it were UTC; undefined for all else, and as `momentOf`. */
export function localOf(value: unknown, unit: TimestampUnit, truncates: boolean): bigint | undefined {
  return typeof value === "string" && LOCAL.test(value) ? momentOf(`${value}Z`, unit, truncates) : undefined;
}

/** Nanoseconds reach from 1677 to 2262. */
function inRange(units: bigint): bigint | undefined {
  return units < INT64_LIMIT && units >= -INT64_LIMIT ? units : undefined;
}

/** Microseconds, none of them lost. */
export function microsOf(value: unknown): bigint | undefined {
  return momentOf(value, "us", false);
}

/** Records of a stream mostly share their day, and a day is the slow part of a moment. */
let lastDay: { readonly text: string; readonly days: number } = { text: "1970-01-01", days: 0 };

/** Days since 1970 of `YYYY-MM-DD`, or of a `Date` at midnight UTC. */
export function daysOf(value: unknown): number | undefined {
  if (value instanceof Date) return wholeDays(value.getTime());
  if (typeof value !== "string" || !DAY.test(value)) return undefined;
  const ms = Date.parse(value);
  // Date.parse takes the 30th of February for the 1st of March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== value) return undefined;
  return wholeDays(ms);
}

function wholeDays(ms: number): number | undefined {
  const days = ms / MS_PER_DAY;
  return Number.isInteger(days) ? days : undefined;
}
