import { viewOf } from "../page/records-members.js";
import {
  arrayType,
  breakByte,
  bytesType,
  CborHeads,
  indefinite,
  mapType,
  nullByte,
  tagType,
  textType,
  undefinedByte,
} from "./cbor-heads.js";
import { malformed, simple } from "./cbor-values.js";

/** RFC 8949 section 3.4.2; AWS-CBOR has whole milliseconds where the RFC has seconds (aws-sdk-java-v2#184, #4661). */
const epochTag = 1;

/** No answer of Kinesis nests deeper than 4; beyond this depth nothing is read. */
const maxDepth = 32;
/**
 * Most values that one answer is made into: a value costs a byte on the wire and up to a hundred in memory. Records are located and not
 * made; what is made is a few child shards, or an error.
 */
const maxValues = 100_000;

/**
 * Reads AWS-CBOR in place: definite and indefinite lengths, tags and unknown members wherever they may stand.
 * Strings are not decoded but located: after `string`, `start` and `stop` say where. Throws `WireFormatError`.
 */
export class CborReader extends CborHeads {
  start = 0;
  stop = 0;
  #joinedEnd: number;
  #values = 0;

  constructor(bytes: Buffer) {
    super(bytes);
    this.#joinedEnd = bytes.length;
  }

  /** Throws when bytes follow the value that was read. */
  finish(): void {
    if (this.at !== this.end) throw malformed("has bytes after its end");
  }

  /** Reads over a null, if one is here. */
  isNull(): boolean {
    this.skipTags();
    const byte = this.peek();
    if (byte !== nullByte && byte !== undefinedByte) return false;
    this.at += 1;
    return true;
  }

  /** Opens a map: the number of its members, or -1 when it ends with a break. */
  map(): number {
    return this.#open(mapType, "a map");
  }

  /** Opens an array: the number of its elements, or -1 when it ends with a break. */
  array(): number {
    return this.#open(arrayType, "an array");
  }

  /** Whether a container of `size`, of which `done` were read, has more. Reads over the break. */
  hasMore(size: number, done: number): boolean {
    if (size >= 0) return done < size;
    if (this.peek() !== breakByte) return true;
    this.at += 1;
    return false;
  }

  /** Locates a string of this major type. */
  string(major: number): void {
    this.skipTags();
    const head = this.take();
    if (head >> 5 !== major) throw malformed("has a value of another type than its name says");
    this.#string(major, head & 31);
  }

  /** Whether a string of this major type is here. Reads over its tags alone. */
  isString(major: number): boolean {
    this.skipTags();
    return this.peek() >> 5 === major;
  }

  /** A text, decoded. */
  text(): string {
    this.string(textType);
    return this.bytes.toString("utf8", this.start, this.stop);
  }

  /** A whole number or a float. */
  number(): number {
    this.skipTags();
    const head = this.take();
    const value = this.numberOf(head);
    if (value === undefined) throw malformed("has a value of another type than its name says");
    return Number(value);
  }

  skipTags(): void {
    while (this.peek() >> 5 === tagType) {
      this.at += 1;
      this.argument((this.bytes[this.at - 1] ?? 0) & 31);
    }
  }

  /** Reads over one value of any type. */
  skip(depth = 0): void {
    if (depth > maxDepth) throw malformed("is nested too deeply");
    this.skipTags();
    const head = this.take();
    const info = head & 31;
    switch (head >> 5) {
      case bytesType:
      case textType:
        this.#skipString(head >> 5, info);
        return;
      case arrayType: {
        const size = this.size(info);
        for (let done = 0; this.hasMore(size, done); done += 1) this.skip(depth + 1);
        return;
      }
      case mapType: {
        const size = this.size(info);
        for (let done = 0; this.hasMore(size, done); done += 1) {
          this.skip(depth + 1);
          this.skip(depth + 1);
        }
        return;
      }
      default:
        if (this.numberOf(head) === undefined) simple(info);
    }
  }

  /** Any value as JavaScript has it: byte strings as a view, epoch times as a Date, integers beyond 2^53 as a BigInt. */
  value(depth = 0): unknown {
    if (depth > maxDepth) throw malformed("is nested too deeply");
    this.#values += 1;
    if (this.#values > maxValues) throw malformed(`holds more than ${maxValues} values`);
    let isTime = false;
    while (this.peek() >> 5 === tagType) {
      this.at += 1;
      isTime = this.argument((this.bytes[this.at - 1] ?? 0) & 31) === epochTag;
    }
    const head = this.take();
    const info = head & 31;
    switch (head >> 5) {
      case bytesType:
        this.#string(bytesType, info);
        return this.bytes.subarray(this.start, this.stop);
      case textType:
        this.#string(textType, info);
        return this.bytes.toString("utf8", this.start, this.stop);
      case arrayType: {
        const size = this.size(info);
        const elements: unknown[] = [];
        for (let done = 0; this.hasMore(size, done); done += 1) elements.push(this.value(depth + 1));
        return elements;
      }
      case mapType: {
        const size = this.size(info);
        const members: [string, unknown][] = [];
        for (let done = 0; this.hasMore(size, done); done += 1) {
          const name = this.value(depth + 1);
          const value = this.value(depth + 1);
          if (typeof name === "string") members.push([name, value]);
        }
        // Not by assignment: a member may be called __proto__.
        return Object.fromEntries(members);
      }
      default: {
        const number = this.numberOf(head);
        if (number === undefined) return simple(info);
        return isTime ? new Date(Math.round(Number(number))) : number;
      }
    }
  }

  #open(major: number, what: string): number {
    this.skipTags();
    const head = this.take();
    if (head >> 5 !== major) throw malformed(`has no ${what} where one belongs`);
    return this.size(head & 31);
  }

  #string(major: number, info: number): void {
    if (info !== indefinite) {
      const length = this.argument(info);
      this.start = this.need(length);
      this.stop = this.at;
      return;
    }
    this.#piece(major);
    // No piece at all is an empty string.
    if (this.start < 0) this.start = this.stop = 0;
    else if (this.peek() === breakByte) this.at += 1;
    else this.#join(major);
  }

  #skipString(major: number, info: number): void {
    if (info !== indefinite) {
      this.need(this.argument(info));
      return;
    }
    do this.#piece(major);
    while (this.start >= 0);
  }

  /** Locates the next piece of a string; `start` is -1 at the break. */
  #piece(major: number): void {
    const head = this.take();
    if (head === breakByte) {
      this.start = -1;
      return;
    }
    if (head >> 5 !== major || (head & 31) === indefinite) throw malformed("has a string in strange pieces");
    this.start = this.need(this.argument(head & 31));
    this.stop = this.at;
  }

  /** Copies the pieces behind the answer, one after the other. All of them together are never longer than the answer. */
  #join(major: number): void {
    if (this.bytes.length === this.end) {
      const larger = Buffer.allocUnsafe(this.end * 2);
      this.bytes.copy(larger);
      this.bytes = larger;
      this.view = viewOf(larger);
    }
    const start = this.#joinedEnd;
    while (this.start >= 0) {
      this.bytes.copyWithin(this.#joinedEnd, this.start, this.stop);
      this.#joinedEnd += this.stop - this.start;
      this.#piece(major);
    }
    this.start = start;
    this.stop = this.#joinedEnd;
  }
}
