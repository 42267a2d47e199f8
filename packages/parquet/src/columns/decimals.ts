import { ExactNumber } from "@kinesis-connectors/core";

const PLAIN = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * The whole number of `10^-scale` units in a number, bigint, `ExactNumber` or decimal text; undefined where digits would be lost or `precision` is exceeded.
 * A number counts as the shortest decimal that reads back as it, which is how JSON wrote it: 0.1 is a tenth.
 */
export function unscaled(value: unknown, precision: number, scale: number): bigint | undefined {
  const units = unitsOf(value, scale);
  if (units === undefined) return undefined;
  const limit = 10n ** BigInt(precision);
  return units < limit && units > -limit ? units : undefined;
}

function unitsOf(value: unknown, scale: number): bigint | undefined {
  if (typeof value === "bigint") return value * 10n ** BigInt(scale);
  if (typeof value !== "number" && typeof value !== "string" && !ExactNumber.isInstance(value))
    return undefined;
  const found = PLAIN.exec(String(value));
  if (found === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = found;
  const digits = whole + fraction;
  // A text as long as a record would take quadratic time to convert.
  if (digits.length > 400) return undefined;
  const shift = scale - fraction.length + Number(exponent);
  // What a number holds exactly, as nearly all decimals do, takes a third of the time of bigints.
  const small = shift >= 0 && digits.length + shift <= 15 ? Number(digits) * 10 ** shift : undefined;
  if (small !== undefined) return BigInt(sign === "-" ? -small : small);
  const magnitude = BigInt(digits);
  const units = shift >= 0 ? magnitude * 10n ** BigInt(shift) : dividedExactly(magnitude, -shift);
  return sign === "-" && units !== undefined ? -units : units;
}

function dividedExactly(magnitude: bigint, zeros: number): bigint | undefined {
  const divisor = 10n ** BigInt(zeros);
  return magnitude % divisor === 0n ? magnitude / divisor : undefined;
}
