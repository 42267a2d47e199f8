import { KinesisConnectorError } from "../errors.js";

const BRAND = Symbol.for("@kinesis-connectors/core/ExactNumber");

/** Longer integers stay texts: a BigInt of a million digits takes a while to make, and no destination holds it. */
const MAX_BIGINT_DIGITS = 1000;

const INTEGER = /^-?\d+$/;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * A number of a JSON document that neither a JavaScript number nor a bigint holds, such as a price of 23 digits: the text that stands in the document.
 * `json({ numbers: "exact" })` makes them, and all destinations write them digit for digit.
 *
 * It compares and reckons as the nearest number (`price > 10`). `JSON.stringify` refuses it, as it refuses a bigint, because it could only round:
 * `stringifyJson` writes both.
 */
export class ExactNumber {
  /** The number as JSON has it: `0.12345678901234567890123`, `1e400`. */
  readonly text: string;

  /** @throws KinesisConnectorError `KC_OPTION_INVALID` for a text that is no JSON number */
  constructor(text: string) {
    if (!DECIMAL.test(text))
      throw new KinesisConnectorError("KC_OPTION_INVALID", "ExactNumber takes the text of a JSON number");
    this.text = text;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether a value is one, of whichever copy of this package. */
  static isInstance(value: unknown): value is ExactNumber {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /** The JavaScript number of the same value; undefined where that has other digits. */
  toNumber(): number | undefined {
    const value = Number(this.text);
    return isHeld(this.text, value) ? value : undefined;
  }

  /** The digits as they were read, or given. */
  toString(): string {
    return this.text;
  }

  /** The nearest JavaScript number. */
  valueOf(): number {
    return Number(this.text);
  }

  /** @throws KinesisConnectorError `KC_RECORD_POISON`: `JSON.stringify` would have to round it */
  toJSON(): never {
    throw new KinesisConnectorError(
      "KC_RECORD_POISON",
      'JSON.stringify cannot write a number of json({ numbers: "exact" }) without rounding it; stringifyJson() of the core package can',
    );
  }
}

/** A number of a document with all its digits: a number where that has the same value, a bigint for an integer past 2^53, else its text. */
export function exactNumberOf(text: string): number | bigint | ExactNumber {
  const value = Number(text);
  if (INTEGER.test(text)) {
    if (Number.isSafeInteger(value)) return value;
    return text.length <= MAX_BIGINT_DIGITS ? BigInt(text) : new ExactNumber(text);
  }
  // A whole number past 2^53 is not trusted as a number, whatever wrote it: 1e21 is exact only as a text.
  const isUnsafe = Number.isInteger(value) && !Number.isSafeInteger(value);
  return !isUnsafe && isHeld(text, value) ? value : new ExactNumber(text);
}

/** Whether a JavaScript number in the place of this text has another value. */
export function isLost(text: string): boolean {
  return !isHeld(text, Number(text));
}

/** Whether a number has the value of its text. A number counts as the shortest decimal that reads back as it, which is how it is written again. */
function isHeld(text: string, value: number): boolean {
  const written = String(value);
  return text === written || (Number.isFinite(value) && normalized(text) === normalized(written));
}

/** Equal for texts of equal values: the digits without zeros at either end, and the power of ten of the last one. */
function normalized(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = DECIMAL.exec(text) ?? [];
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === "0") start += 1;
  let end = digits.length;
  while (end > start && digits[end - 1] === "0") end -= 1;
  if (start === end) return "0";
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}
