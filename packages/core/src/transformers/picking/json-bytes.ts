export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPENING_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const OPENING_BRACE = 0x7b;
export const CLOSING_BRACE = 0x7d;
/** What makes braces of brackets, and leaves braces alone: `[` is 0x5b, `{` 0x7b. */
const BRACE_BIT = 0x20;

/** The first byte that is no white space (RFC 8259 section 2); `end` where there is none. */
export function afterBlanks(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(bytes[at] as number)) at += 1;
  return at;
}

/** Where a value ends that begins here, as far as that can be told without reading it; -1 where there is none, or it does not end. */
export function valueEnd(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] as number;
  if (first === QUOTE) return textEnd(bytes, start, end);
  if (first === OPENING_BRACE || first === OPENING_BRACKET) return nestedEnd(bytes, start, end);
  let at = start;
  while (at < end && !endsLiteral(bytes[at] as number)) at += 1;
  return at > start ? at : -1;
}

/** Where a text ends that begins at `start`: behind its closing quote. -1 where it has none before `end`. */
function textEnd(bytes: Buffer, start: number, end: number): number {
  let at = start + 1;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0 || quote >= end) return -1;
    if (!isEscaped(bytes, quote, at)) return quote + 1;
    at = quote + 1;
  }
}

/** Where an object or an array ends, by how deep its braces and brackets go. */
function nestedEnd(bytes: Buffer, start: number, end: number): number {
  let depth = 1;
  let at = start + 1;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      at = textEnd(bytes, at, end);
      if (at < 0) return -1;
      continue;
    }
    at += 1;
    if ((byte | BRACE_BIT) === OPENING_BRACE) depth += 1;
    else if ((byte | BRACE_BIT) === CLOSING_BRACE) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

/** Whether a quote has an odd number of backslashes before it. None of them is before `from`, where an escape has ended. */
function isEscaped(bytes: Buffer, quote: number, from: number): boolean {
  let at = quote;
  while (at > from && bytes[at - 1] === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 1;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function endsLiteral(byte: number): boolean {
  return byte === COMMA || byte === CLOSING_BRACE || byte === QUOTE || isBlank(byte);
}
