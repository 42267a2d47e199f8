import type { KinesisRecord } from "../../record.js";
import type { NumberReading } from "../number-reading.js";
import {
  afterBlanks,
  BACKSLASH,
  CLOSING_BRACE,
  COLON,
  COMMA,
  OPENING_BRACE,
  OPENING_BRACKET,
  QUOTE,
  valueEnd,
} from "./json-bytes.js";
import { ShortTexts } from "./short-texts.js";

/** Some members of a document, by name. Members that it lacks are absent. */
export type Picked = Record<string, unknown>;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Integers of so many digits are the same in every reading of numbers. */
const FEW_DIGITS = 15;
const ZERO = 0x30;

/** What a text has where bytes were no UTF-8. */
const REPLACEMENT = "\ufffd";

/** Whether a name can be looked for as it is: written in JSON it is itself between quotes. */
export function isPlainName(name: string): boolean {
  return /^[\x20-\x7e]+$/.test(name) && !/["\\]/.test(name) && name !== "__proto__";
}

/**
 * Picks members off the top of a JSON object by its bytes: texts, objects and arrays in between are passed over and not read. It finds exactly what `JSON.parse`
 * would have found in a valid document; of damage within a value that was not picked it does not notice.
 */
export class MemberPicker {
  readonly #names: readonly string[];
  readonly #nameBytes: readonly Buffer[];
  readonly #reading: NumberReading;
  readonly #texts = new ShortTexts();
  /** Where the value of each name was found last: of two members of one name the last one counts. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;

  /** @param names - each of them an `isPlainName` */
  constructor(names: readonly string[], reading: NumberReading) {
    this.#names = names;
    this.#nameBytes = names.map((name) => Buffer.from(name, "latin1"));
    this.#reading = reading;
    this.#starts = new Int32Array(names.length);
    this.#ends = new Int32Array(names.length);
  }

  /** The members, or undefined where a parser has to be asked: a document that is none, one with escapes in a name, bytes that are no UTF-8. */
  pick(bytes: Buffer, start: number, end: number, record: KinesisRecord): Picked | undefined {
    if (!this.#find(bytes, start, end)) return undefined;
    const picked: Picked = {};
    for (let index = 0; index < this.#names.length; index += 1) {
      const from = this.#starts[index] as number;
      if (from < 0) continue;
      const value = this.#valueOf(bytes, from, this.#ends[index] as number, record);
      if (value === undefined) return undefined;
      picked[this.#names[index] as string] = value;
    }
    return picked;
  }

  /** Goes over the members of the object's top. False when it is no such object, or a name is written in escapes. */
  #find(bytes: Buffer, start: number, end: number): boolean {
    this.#starts.fill(-1);
    let at = afterBlanks(bytes, afterByteOrderMark(bytes, start), end);
    if (at >= end || bytes[at] !== OPENING_BRACE) return false;
    at = afterBlanks(bytes, at + 1, end);
    if (at < end && bytes[at] === CLOSING_BRACE) return afterBlanks(bytes, at + 1, end) === end;
    for (;;) {
      if (at >= end || bytes[at] !== QUOTE) return false;
      const name = at + 1;
      at += 1;
      while (at < end && bytes[at] !== QUOTE) {
        // An escaped name is still that name: {"a":1,"\u0061":2} has two members a.
        if (bytes[at] === BACKSLASH) return false;
        at += 1;
      }
      const index = this.#indexOf(bytes, name, at);
      at = afterBlanks(bytes, at + 1, end);
      if (at >= end || bytes[at] !== COLON) return false;
      const value = afterBlanks(bytes, at + 1, end);
      if (value >= end) return false;
      at = valueEnd(bytes, value, end);
      if (at < 0) return false;
      if (index >= 0) {
        this.#starts[index] = value;
        this.#ends[index] = at;
      }
      at = afterBlanks(bytes, at, end);
      if (at >= end) return false;
      if (bytes[at] === CLOSING_BRACE) return afterBlanks(bytes, at + 1, end) === end;
      if (bytes[at] !== COMMA) return false;
      at = afterBlanks(bytes, at + 1, end);
    }
  }

  #indexOf(bytes: Buffer, start: number, end: number): number {
    const names = this.#nameBytes;
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] as Buffer;
      if (name.length === end - start && isAt(bytes, start, name)) return index;
    }
    return -1;
  }

  /** A value that was found; undefined where it is damaged. */
  #valueOf(bytes: Buffer, start: number, end: number, record: KinesisRecord): unknown {
    const first = bytes[start] as number;
    if (first === QUOTE) return this.#textOf(bytes, start, end);
    if (first === OPENING_BRACE || first === OPENING_BRACKET) {
      const text = bytes.toString("utf8", start, end);
      return text.includes(REPLACEMENT) ? undefined : this.#parsed(text, record);
    }
    return integerOf(bytes, start, end) ?? this.#literalOf(bytes.toString("latin1", start, end));
  }

  #textOf(bytes: Buffer, start: number, end: number): string | undefined {
    let all = 0;
    for (let at = start + 1; at < end - 1; at += 1) {
      const byte = bytes[at] as number;
      if (byte === BACKSLASH || byte < 0x20) return unescaped(bytes, start, end);
      all |= byte;
    }
    if (all < 0x80) return this.#texts.textOf(bytes, start + 1, end - 1);
    const text = bytes.toString("utf8", start + 1, end - 1);
    return text.includes(REPLACEMENT) ? undefined : text;
  }

  #literalOf(literal: string): unknown {
    switch (literal) {
      case "true":
      case "false":
        return literal === "true";
      case "null":
        return null;
      default:
        return NUMBER.test(literal) ? this.#reading.numberOf(literal) : undefined;
    }
  }

  #parsed(text: string, record: KinesisRecord): unknown {
    try {
      return this.#reading.parserOf(text, record)(text);
    } catch {
      return undefined;
    }
  }
}

/** A text with escapes in it. */
function unescaped(bytes: Buffer, start: number, end: number): string | undefined {
  const text = bytes.toString("utf8", start, end);
  if (text.includes(REPLACEMENT)) return undefined;
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

/** Integers of few digits, which most numbers are, without making a text of them. */
function integerOf(bytes: Buffer, start: number, end: number): number | undefined {
  if (end - start > FEW_DIGITS || (bytes[start] === ZERO && end - start > 1)) return undefined;
  let integer = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    integer = integer * 10 + digit;
  }
  return integer;
}

function isAt(bytes: Buffer, start: number, name: Buffer): boolean {
  for (let at = 0; at < name.length; at += 1) if (bytes[start + at] !== name[at]) return false;
  return true;
}

function afterByteOrderMark(bytes: Buffer, start: number): number {
  return bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf ? start + 3 : start;
}
