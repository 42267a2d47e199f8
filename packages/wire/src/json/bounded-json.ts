import { WireFormatError } from "../wire-format-error.js";

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBracket = 0x5b;
const openBrace = 0x7b;

/**
 * Most objects, lists, members and elements of one text, commas and colons counted: a value costs two bytes on the wire and up to a
 * hundred in memory. 10,000 records, the most that GetRecords answers (API reference, Limit), come to 110,000, and as many shards, the most
 * of ListShards, to 220,000.
 */
const maxTokens = 400_000;

/**
 * `JSON.parse` of an answer, unless it would take far more memory than the answer itself has.
 * @throws WireFormatError when it would; what `JSON.parse` throws otherwise
 */
export function parseBounded(body: Buffer): unknown {
  requireBounded(body);
  return JSON.parse(body.toString("utf8"));
}

/**
 * The same for whoever parses it afterwards.
 * @throws WireFormatError
 */
export function requireBounded(body: Buffer): void {
  // One of two tokens at least takes two bytes: what is short needs no counting.
  if (body.length > maxTokens && countTokens(body) > maxTokens)
    throw new WireFormatError(
      `the JSON answer holds more than ${maxTokens} values; it was damaged on its way: ask again`,
    );
}

/** Counts what values are made of, outside of texts; stops once it is too much. */
function countTokens(body: Buffer): number {
  let tokens = 0;
  for (let at = 0; at < body.length && tokens <= maxTokens; at += 1) {
    const byte = body[at];
    if (byte === quote) at = endOfText(body, at + 1);
    else if (byte === comma || byte === colon || byte === openBrace || byte === openBracket) tokens += 1;
  }
  return tokens;
}

/** The place of the quote that ends the text that begins here. */
function endOfText(body: Buffer, start: number): number {
  for (let at = start; ;) {
    const end = body.indexOf(quote, at);
    if (end < 0) return body.length;
    let slashes = 0;
    while (body[end - 1 - slashes] === backslash) slashes += 1;
    if (slashes % 2 === 0) return end;
    at = end + 1;
  }
}
