import { exactNumberOf, type ExactNumber, isLost } from "../json/exact-number.js";
import { mayHoldLongNumber, tokensOf } from "./json-numbers.js";

/** Opens texts that stand for something else while the document is parsed. A text of the document that opens with it is marked as well. */
const MARK = "\ue0f1";
const TEXT = "t";

/** A number of few digits that is past 2^53 (1e21) or past all doubles (1e400) has an exponent of two digits at least. */
const FAR_EXPONENT = /\d[eE][+-]?\d{2}/;
/** What a double has no number for at all: past 1.8e308, or nearer to zero than 5e-324. */
const OUT_OF_RANGE = /\d[eE][+-]?\d{3}/;
const IS_KEY = /\s*:/y;

/**
 * Whether a number of the document is rounded when it is parsed.
 *
 * @param exponents whether short numbers of large exponents are looked for as well (1e400 becomes Infinity, which JSON writes as null): that costs a quarter
 * of parsing the document
 */
export function losesDigits(
  document: string,
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number; readonly exponents: boolean },
): boolean {
  const { start, end, exponents } = range;
  if (!mayHoldLongNumber(bytes, start, end) && !(exponents && OUT_OF_RANGE.test(document))) return false;
  for (const token of tokensOf(document))
    if (token.kind === "number" && isLost(document.slice(token.start, token.end))) return true;
  return false;
}

/**
 * What `JSON.parse` makes of a document, with numbers that a double does not hold as bigints and `ExactNumber`s. `bytes` are the document's.
 *
 * Such numbers are replaced by texts before it is parsed, and these by the numbers afterwards: what is and what is not JSON stays the parser's own business.
 * @throws SyntaxError, and RangeError for objects within objects beyond the depth of the stack where there is such a number
 */
export function parseExact(document: string, bytes: Uint8Array, start: number, end: number): unknown {
  if (!mayHoldExact(document, bytes, start, end)) return JSON.parse(document);
  const numbers: (bigint | ExactNumber)[] = [];
  let marked = "";
  let copied = 0;
  for (const token of tokensOf(document)) {
    if (token.kind === "text") {
      const opening = document[token.start + 1];
      // Any escape: it may be that of the mark.
      if ((opening !== MARK && opening !== "\\") || isKey(document, token.end)) continue;
      marked += `${document.slice(copied, token.start + 1)}${MARK}${TEXT}`;
      copied = token.start + 1;
      continue;
    }
    const number = exactNumberOf(document.slice(token.start, token.end));
    // Where a name should stand it is damage, which the parser is to see.
    if (typeof number === "number" || isKey(document, token.end)) continue;
    marked += `${document.slice(copied, token.start)}"${MARK}${numbers.length}"`;
    copied = token.end;
    numbers.push(number);
  }
  if (numbers.length === 0) return JSON.parse(document);
  return unmarked(JSON.parse(marked + document.slice(copied)), numbers);
}

/**
 * `JSON.parse` with numbers that a double does not hold as bigints and `ExactNumber`s (see `exactNumberOf`); `stringifyJson` writes them again.
 * @throws SyntaxError, whose message quotes the document
 */
export function parseJson(document: string): unknown {
  const bytes = Buffer.from(document);
  return parseExact(document, bytes, 0, bytes.length);
}

/** Whether a text may hold numbers that a double does not: false is certain. */
export function mayHoldExact(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  return mayHoldLongNumber(bytes, start, end) || FAR_EXPONENT.test(text);
}

/** Whether the text of one number may be out of the range of doubles. */
export function isOutOfRange(literal: string): boolean {
  return OUT_OF_RANGE.test(literal);
}

function isKey(document: string, end: number): boolean {
  IS_KEY.lastIndex = end;
  return IS_KEY.test(document);
}

/** In place: the parser made it for nobody else. */
function unmarked(value: unknown, numbers: readonly (bigint | ExactNumber)[]): unknown {
  if (typeof value === "string") {
    if (!value.startsWith(MARK)) return value;
    return value[1] === TEXT ? value.slice(2) : numbers[Number(value.slice(1))];
  }
  if (typeof value !== "object" || value === null) return value;
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    const found = unmarked(member, numbers);
    // Not by assignment, which would take __proto__ for something else.
    if (found !== member)
      Object.defineProperty(value, name, {
        value: found,
        writable: true,
        enumerable: true,
        configurable: true,
      });
  }
  return value;
}
