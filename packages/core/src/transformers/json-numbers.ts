import { textEnd } from "./text-end.js";

const QUOTE = 0x22;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;

/** RFC 8259 section 6. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** So many characters a number has at least that loses digits as a double: 2^53 + 1 has 16, and 15 digits always survive. */
const LONG = 16;
const HALF = LONG / 2;

/** A number or a text of a document: from where to where, quotes included. */
export interface Token {
  readonly kind: "number" | "text";
  readonly start: number;
  readonly end: number;
}

/** The numbers and texts of a document, in order. Of one that is not JSON it finds something, and never fails. */
export function* tokensOf(document: string): Generator<Token, void> {
  const { length } = document;
  let at = 0;
  while (at < length) {
    const code = document.charCodeAt(at);
    const start = at;
    if (code === QUOTE) {
      at = textEnd(document, at);
      yield { kind: "text", start, end: at };
    } else if (code === MINUS || isDigit(code)) {
      at += 1;
      while (at < length && isNumberPart(document.charCodeAt(at))) at += 1;
      if (NUMBER.test(document.slice(start, at))) yield { kind: "number", start, end: at };
    } else at += 1;
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

/** Digits, point, sign, exponent. */
function isNumberPart(code: number): boolean {
  return isDigit(code) || code === DOT || code === MINUS || code === 0x2b || code === 0x65 || code === 0x45;
}

/**
 * Whether a document may hold a number of more digits than a double: false is certain. It looks at one byte of sixteen, which costs about a hundredth of
 * parsing the document.
 */
export function mayHoldLongNumber(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start + LONG - 1; at < end; at += LONG) {
    if (!isDigitOrDot(bytes[at] as number)) continue;
    // Sixteen in a row reach eight to one side at least.
    if (
      !isDigitOrDot(bytes[at - HALF] as number) &&
      !(at + HALF < end && isDigitOrDot(bytes[at + HALF] as number))
    )
      continue;
    if (isLongNumberAround(bytes, at, start, end)) return true;
  }
  return false;
}

function isLongNumberAround(bytes: Uint8Array, at: number, start: number, end: number): boolean {
  let first = at;
  while (first > start && isDigitOrDot(bytes[first - 1] as number)) first -= 1;
  let after = at + 1;
  while (after < end && isDigitOrDot(bytes[after] as number)) after += 1;
  // Behind a quote it is a text: ids are often written so because of these very digits.
  if (after - first < LONG || bytes[first - 1] === QUOTE) return false;
  const next = bytes[after];
  if (next === 0x65 || next === 0x45) return true;
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset + first, after - first).toString("latin1");
  // Doubles of 17 digits are everyday, and read back as they were written.
  return String(Number(digits)) !== digits;
}

/** The slash between them is none of a number, and costs a look more at worst. */
function isDigitOrDot(code: number): boolean {
  return (code - DOT) >>> 0 < 12;
}
