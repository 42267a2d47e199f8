/** Some members of a document, by name. Members that it lacks are absent. */
export type Picked = Record<string, unknown>;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** What a text between two quotes may not hold to stand for itself (RFC 8259 section 7). */
// oxlint-disable-next-line no-control-regex
const NOT_PLAIN = /[\\\u0000-\u001f]/;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** A value that was found, or that it takes a parser to tell. */
interface Found {
  value: unknown;
  isAbsent: boolean;
}

/** Whether a name can be looked for as it is: written in JSON it is itself between quotes. */
export function isPlainName(name: string): boolean {
  return /^[\x20-\x7e]+$/.test(name) && !/["\\]/.test(name) && name !== "__proto__";
}

/**
 * Picks members off the top of a JSON object without parsing the rest. It finds exactly what `JSON.parse` would have found in a valid document; of a document
 * that is damaged somewhere else it does not notice. Returns undefined for a document that takes a parser to be sure: one with an object before the member,
 * with the name twice, with escapes in it.
 *
 * @param numberOf what a number is made of, from its text. Default `Number`
 */
export function pickMembers(
  text: string,
  names: readonly string[],
  numberOf: (literal: string) => unknown = Number,
): Picked | undefined {
  const opening = skipBlanks(text, 0);
  if (text.charCodeAt(opening) !== OPENING_BRACE) return undefined;
  // One that was cut off is the damage that happens.
  let end = text.length - 1;
  while (isBlank(text.charCodeAt(end))) end -= 1;
  if (end === opening || text.charCodeAt(end) !== CLOSING_BRACE) return undefined;
  // An escaped name is still that name: {"a":1,"\u0061":2} has two members a.
  if (text.includes("\\u")) return undefined;
  const picked: Picked = {};
  const found: Found = { value: undefined, isAbsent: false };
  for (const name of names) {
    if (!find(text, opening, name, found, numberOf)) return undefined;
    if (!found.isAbsent) picked[name] = found.value;
  }
  return picked;
}

/** False when a parser has to be asked. */
function find(
  text: string,
  opening: number,
  name: string,
  found: Found,
  numberOf: (literal: string) => unknown,
): boolean {
  const quoted = `"${name}"`;
  const at = text.indexOf(quoted, opening + 1);
  found.isAbsent = at < 0;
  if (at < 0) return true;
  // A quote behind a backslash belongs to a text; an object before the name may be one that the name is in.
  if (text.charCodeAt(at - 1) === BACKSLASH || text.lastIndexOf("{", at) !== opening) return false;
  const colon = skipBlanks(text, at + quoted.length);
  // No member: it is a value that looks like the name. And of two members of one name the last one counts.
  if (text.charCodeAt(colon) !== COLON || text.includes(quoted, colon)) return false;
  return readValue(text, skipBlanks(text, colon + 1), found, numberOf);
}

function readValue(
  text: string,
  start: number,
  found: Found,
  numberOf: (literal: string) => unknown,
): boolean {
  let end: number;
  if (text.charCodeAt(start) === QUOTE) {
    const quote = text.indexOf('"', start + 1);
    if (quote < 0) return false;
    const value = text.slice(start + 1, quote);
    if (NOT_PLAIN.test(value)) return false;
    found.value = value;
    end = quote + 1;
  } else {
    end = start;
    while (end < text.length && !endsValue(text.charCodeAt(end))) end += 1;
    if (!readLiteral(text.slice(start, end), found, numberOf)) return false;
  }
  const next = text.charCodeAt(skipBlanks(text, end));
  return next === COMMA || next === CLOSING_BRACE;
}

function readLiteral(literal: string, found: Found, numberOf: (literal: string) => unknown): boolean {
  switch (literal) {
    case "true":
    case "false":
      found.value = literal === "true";
      return true;
    case "null":
      found.value = null;
      return true;
    default:
      if (!NUMBER.test(literal)) return false;
      found.value = numberOf(literal);
      return true;
  }
}

function endsValue(code: number): boolean {
  return code === COMMA || code === CLOSING_BRACE || isBlank(code);
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** RFC 8259 section 2: `ws`. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
