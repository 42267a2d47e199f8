const MS_PER_DAY = 86_400_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?(Z|z|[+-]\d{2}:?\d{2})$/;

/** Microseconds since 1970 of a `Date`, or of an ISO 8601 text with a zone; undefined for all else, and where digits of a second would be lost. */
export function microsOf(value: unknown): bigint | undefined {
  if (value instanceof Date) {
    const ms = value.getTime();
    return Number.isNaN(ms) ? undefined : BigInt(ms) * 1000n;
  }
  if (typeof value !== "string") return undefined;
  const found = MOMENT.exec(value);
  if (found === null) return undefined;
  const [, day = "", time = "", fraction = "", zone = ""] = found;
  if (daysOf(day) === undefined) return undefined;
  const ms = Date.parse(
    `${day}T${time}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()}`,
  );
  if (Number.isNaN(ms) || /[1-9]/.test(fraction.slice(6))) return undefined;
  return BigInt(ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
}

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
