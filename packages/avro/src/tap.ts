import { isUtf8 } from "node:buffer";
import { MAX_EMPTY_ITEMS, MAX_LONG_BYTES } from "./limits.js";

/** What avsc 5.7.9 reads from (`lib/utils.js`, Tap): the bytes of a record, and how far it has come. */
export interface Tap {
  readonly buf: Buffer;
  pos: number;
  /** Items that took no bytes, in all arrays of the record so far. */
  emptyItems?: number;
  readonly readLong: () => number;
  readonly skipLong: () => void;
  readonly readString: () => string | undefined;
  readonly skipString: () => void;
}

/** What is wrong with a record, without anything of it. */
export class DamagedData extends Error {}

/** avsc adds longs up as doubles: an odd number past 2^53, which a negative long is before its sign is known, is rounded there. */
const EXACT = 2 ** 52;
const REPLACEMENT = "\ufffd";

/** An int, of 32 bits. */
export function readInt(tap: Tap): number {
  // The same encoding (specification, "Binary encoding"), so that the wrong one would be read as some other number.
  const value = tap.readLong();
  if (value === (value | 0)) return value;
  throw new DamagedData("hold an int of more than 32 bits");
}

/** Counts an item of an array that took no bytes: nothing else bounds how many there are, also of arrays in arrays. */
export function countEmptyItem(tap: Tap): void {
  const items = (tap.emptyItems ?? 0) + 1;
  tap.emptyItems = items;
  if (items > MAX_EMPTY_ITEMS)
    throw new DamagedData(`hold arrays of more than ${MAX_EMPTY_ITEMS} items that take no bytes`);
}

/** A long: a number as far as numbers are exact, and a bigint past that. */
export function readLong(tap: Tap): number | bigint {
  const start = tap.pos;
  const value = tap.readLong();
  if (value < EXACT && value > -EXACT) return value;
  tap.pos = start;
  const long = readBigLong(tap);
  const number = Number(long);
  return Number.isSafeInteger(number) ? number : long;
}

function readBigLong(tap: Tap): bigint {
  let zigzag = 0n;
  for (let index = 0; index < MAX_LONG_BYTES; index += 1) {
    const byte = tap.buf[tap.pos];
    tap.pos += 1;
    if (byte === undefined) throw new DamagedData("end in the middle of a value");
    zigzag |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) {
      if (zigzag >= 1n << 64n) break;
      return (zigzag >> 1n) ^ -(zigzag & 1n);
    }
  }
  throw new DamagedData("hold a long of more than 64 bits");
}

/** A text; bytes that are not UTF-8 would be replaced in silence. */
export function readText(tap: Tap): string {
  const start = tap.pos;
  const text = tap.readString();
  if (text === undefined) throw new DamagedData("end in the middle of a value");
  if (text.includes(REPLACEMENT)) {
    const end = tap.pos;
    tap.pos = start;
    const length = tap.readLong();
    const bytes = tap.buf.subarray(end - length, end);
    tap.pos = end;
    if (!isUtf8(bytes)) throw new DamagedData("hold a text that is not UTF-8");
  }
  return text;
}

/**
 * The number of items in the next block of an array or map; 0 after the last one. avsc believes the number, and would wait for items long after the end of
 * the record; a block that says its length in bytes is skipped by it, also backwards.
 */
export function readBlockCount(tap: Tap): number {
  const count = tap.readLong();
  if (count < 0) tap.skipLong();
  requireWithin(tap);
  return Math.abs(count);
}

/** Throws where reading has gone past the end. */
export function requireWithin(tap: Tap): void {
  if (tap.pos > tap.buf.length) throw new DamagedData("end in the middle of a value");
}
