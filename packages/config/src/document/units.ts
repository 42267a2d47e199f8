const BYTES: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};
const MILLISECONDS: Readonly<Record<string, number>> = {
  "": 1,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const QUANTITY = /^(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-z]{0,3})$/;

/** What the name of an option says of its unit. */
export function unitsOf(name: string): Readonly<Record<string, number>> | undefined {
  if (name.endsWith("Bytes")) return BYTES;
  return name.endsWith("Ms") ? MILLISECONDS : undefined;
}

/**
 * A size or a time with its unit as a number of bytes or milliseconds: `64 MiB`, `60 s`. Anything else stays as it is, for the schema to refuse.
 * @param name of the option
 */
export function withoutUnit(name: string, value: unknown): unknown {
  const units = unitsOf(name);
  if (units === undefined || typeof value !== "string") return value;
  const [, digits, unit = ""] = QUANTITY.exec(value) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (digits === undefined || factor === undefined) return value;
  const exact = Number(digits) * factor;
  const rounded = Math.round(exact);
  // 0.1 GB is no whole number of bytes in binary arithmetic, and 1.5 ms is none at all.
  return Math.abs(exact - rounded) < 1e-6 * Math.max(1, exact) && Number.isSafeInteger(rounded)
    ? rounded
    : value;
}
