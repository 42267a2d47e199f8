import { ExactNumber, KinesisConnectorError } from "@kinesis-connectors/core";

/** The unit of numbers since 1970. */
export type EpochUnit = "s" | "ms" | "us" | "ns";

/** A moment, as records have it: a number since 1970, a Date, or a text. */
export type PointInTime = number | bigint | ExactNumber | Date | string;

/** How many places the point moves from the unit to milliseconds. */
const PLACES: Readonly<Record<EpochUnit, number>> = { s: 3, ms: 0, us: -3, ns: -6 };
const ISO_WITH_ZONE = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d))?$/;
const DECIMAL = /^(\d{1,30})(?:\.(\d{1,30}))?$/;
const LAST_MS: number = Date.UTC(10_000, 0);
const TEN_YEARS_MS: number = 10 * 365.25 * 86_400_000;

/** Whether it is a unit that numbers can have. */
export function isEpochUnit(unit: unknown): unit is EpochUnit {
  return typeof unit === "string" && Object.hasOwn(PLACES, unit);
}

/** Milliseconds since 1970. @throws KinesisConnectorError `KC_RECORD_POISON` for what is no time from 1970 to the year 9999 */
export function millisOf(time: unknown, unit: EpochUnit | undefined): number {
  let timeMs = Number.NaN;
  if (time instanceof Date) timeMs = time.getTime();
  else if (typeof time === "string") timeMs = ofText(time, unit);
  else if (typeof time === "number") timeMs = inMillis(time, unit);
  else if (typeof time === "bigint" || ExactNumber.isInstance(time)) timeMs = ofDigits(String(time), unit);
  if (!inCalendar(timeMs))
    throw new KinesisConnectorError(
      "KC_RECORD_POISON",
      "the time of the record is none: it takes epoch milliseconds (or another epochUnit), a Date, or ISO 8601 with Z or an offset, up to the year 9999",
    );
  return timeMs;
}

function ofText(text: string, unit: EpochUnit | undefined): number {
  // Without a unit digits may be anything, and were a mistake before there were units.
  if (unit !== undefined && DECIMAL.test(text)) return ofDigits(text, unit);
  const [, year, month, day] = ISO_WITH_ZONE.exec(text) ?? [];
  // Without a zone the text would mean another moment on each machine. Date.parse takes the 30th of February for the 2nd of March.
  return year === undefined || Number(day) > daysOf(Number(year), Number(month))
    ? Number.NaN
    : Date.parse(text);
}

/** How many days a month has; months from 1. */
function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function inMillis(count: number, unit: EpochUnit = "ms"): number {
  const places = PLACES[unit];
  // A thousandth is none of a double's numbers, a thousand is.
  return places > 0 ? count * 10 ** places : count / 10 ** -places;
}

/** The same of digits, which may be more than a double has: a nanosecond before the full hour would be rounded into the next. */
function ofDigits(text: string, unit: EpochUnit = "ms"): number {
  const [, whole = "", fraction = ""] = DECIMAL.exec(text) ?? [];
  const places = PLACES[unit];
  const digits =
    places > 0
      ? whole + fraction.slice(0, places).padEnd(places, "0")
      : whole.slice(0, whole.length + places);
  return whole === "" ? Number.NaN : Number(digits);
}

/** Whether a number is so far before the arrival of its record that it is probably seconds. */
export function isOldNumber(time: unknown, timeMs: number, arrivalMs: number): boolean {
  return typeof time !== "string" && !(time instanceof Date) && timeMs < arrivalMs - TEN_YEARS_MS;
}

/** From 1970 to the year 9999, which four digits hold. */
export function inCalendar(timeMs: number): boolean {
  return timeMs >= 0 && timeMs < LAST_MS;
}
