import { viewOf } from "../page/records-members.js";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;

// Numbers of up to 15 digits are exact in a double.
const maxExactDigits = 15;
/** All powers of ten that a double holds exactly. */
const powersOfTen = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/**
 * Reads JSON of the usual form in place and fails on everything else, valid or not: whoever uses it has a full parser to fall back on.
 * `failed` turns true at the first unusual byte. Strings are located, not decoded: `start` and `stop` say where.
 */
export class JsonScanner {
  readonly bytes: Buffer;
  /** The same bytes. */
  readonly view: DataView;
  at = 0;
  start = 0;
  stop = 0;
  failed = false;
  /** The container just opened has not had a member or element yet. */
  #isFirst = false;
  /** The last place from which four bytes can be read. */
  readonly #lastWord: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.#lastWord = bytes.length - 4;
  }

  /** Whether nothing but space follows. */
  atEnd(): boolean {
    this.#space();
    return !this.failed && this.at === this.bytes.length;
  }

  /** Opens an object or an array: `{` or `[`. */
  open(byte: number): boolean {
    this.#space();
    if (this.bytes[this.at] !== byte) return this.#fail();
    this.at += 1;
    this.#isFirst = true;
    return true;
  }

  /** Locates the next member's name and reads over the colon; false at the object's end. */
  hasMember(): boolean {
    if (!this.#next(0x7d) || !this.string()) return false;
    this.#space();
    if (this.bytes[this.at] !== colon) return this.#fail();
    this.at += 1;
    return true;
  }

  /** Whether another element follows; reads over the array's end otherwise. */
  hasElement(): boolean {
    return this.#next(0x5d);
  }

  /** Reads over space; gives the place of what follows. */
  toValue(): number {
    this.#space();
    return this.at;
  }

  /** Locates a short string without escapes. */
  string(): boolean {
    this.#space();
    const { bytes } = this;
    if (bytes[this.at] !== quote) return this.#fail();
    let at = this.at + 1;
    this.start = at;
    // Sequence numbers are long: four digits at a time, as all bytes from 0x30 to 0x3f, none of which is special.
    while (at <= this.#lastWord && (this.view.getInt32(at) & 0xf0f0f0f0) === 0x30303030) at += 4;
    for (;;) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) break;
      // A control character must not stand in a string; past the end of the bytes it is 0.
      if (byte === backslash || byte < 0x20) return this.#fail();
      at += 1;
    }
    this.stop = at;
    this.at = at + 1;
    return true;
  }

  /** Locates a string that may be long and is going to be checked byte by byte anyhow. */
  longString(): boolean {
    this.#space();
    const { bytes } = this;
    if (bytes[this.at] !== quote) return this.#fail();
    const start = this.at + 1;
    const stop = bytes.indexOf(quote, start);
    // An escaped quote is never part of base64, but where the string ends has to be known.
    if (stop < 0 || bytes[stop - 1] === backslash) return this.#fail();
    this.start = start;
    this.stop = stop;
    this.at = stop + 1;
    return true;
  }

  /** The text that `string` located, decoded. */
  text(): string {
    return this.bytes.toString("utf8", this.start, this.stop);
  }

  /**
   * A number, the same that `Number` makes of its text: digits that a double holds exactly, times or by a power of ten that it holds
   * exactly. Undefined for anything else, also for a number of more digits.
   */
  number(): number | undefined {
    this.#space();
    const { bytes } = this;
    let at = this.at;
    const isNegative = bytes[at] === 0x2d;
    if (isNegative) at += 1;
    const first = at;
    let digits = 0;
    let value = 0;
    let byte = bytes[at] ?? 0;
    while (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + byte - 0x30;
      digits += 1;
      byte = bytes[++at] ?? 0;
    }
    // No digit, or a zero before others, is no number in JSON.
    if (digits === 0 || (digits > 1 && bytes[first] === 0x30)) return this.#noNumber();
    let power = 0;
    if (byte === 0x2e) {
      const whole = digits;
      byte = bytes[++at] ?? 0;
      while (byte >= 0x30 && byte <= 0x39) {
        value = value * 10 + byte - 0x30;
        digits += 1;
        power -= 1;
        byte = bytes[++at] ?? 0;
      }
      if (digits === whole) return this.#noNumber();
    }
    if (digits > maxExactDigits) return this.#noNumber();
    if (byte === 0x45 || byte === 0x65) {
      byte = bytes[++at] ?? 0;
      const isDown = byte === 0x2d;
      if (isDown || byte === 0x2b) byte = bytes[++at] ?? 0;
      // Two digits are plenty; a number that needs more goes to the parser.
      if (byte < 0x30 || byte > 0x39) return this.#noNumber();
      let exponent = byte - 0x30;
      byte = bytes[++at] ?? 0;
      if (byte >= 0x30 && byte <= 0x39) {
        exponent = exponent * 10 + byte - 0x30;
        byte = bytes[++at] ?? 0;
      }
      power += isDown ? -exponent : exponent;
    }
    const scale = powersOfTen[Math.abs(power)];
    if (scale === undefined) return this.#noNumber();
    this.at = at;
    const size = power < 0 ? value / scale : value * scale;
    return isNegative ? -size : size;
  }

  #noNumber(): undefined {
    this.#fail();
    return undefined;
  }

  #next(close: number): boolean {
    if (this.failed) return false;
    this.#space();
    const byte = this.bytes[this.at];
    if (byte === close) {
      this.at += 1;
      // What contains the closed one has had at least that.
      this.#isFirst = false;
      return false;
    }
    if (this.#isFirst) {
      this.#isFirst = false;
      return true;
    }
    if (byte !== comma) return this.#fail();
    this.at += 1;
    return true;
  }

  #space(): void {
    const { bytes } = this;
    let byte = bytes[this.at] ?? 0;
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.at += 1;
      byte = bytes[this.at] ?? 0;
    }
  }

  #fail(): false {
    this.failed = true;
    return false;
  }
}
