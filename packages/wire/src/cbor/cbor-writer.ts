import { WireFormatError } from "../wire-format-error.js";

const firstBytes = 1_024;

class CborWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(bytes: number) {
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  value(value: unknown): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number") this.#number(value);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (Array.isArray(value)) {
      const elements: readonly unknown[] = value;
      this.#head(4, elements.length);
      for (const element of elements) this.value(element);
    } else if (value instanceof Date) {
      // Tag 1 with whole milliseconds, where RFC 8949 has seconds (aws-sdk-java-v2#184).
      this.#head(6, 1);
      this.#number(value.getTime());
    } else if (typeof value === "boolean") this.#byte(value ? 0xf5 : 0xf4);
    else if (typeof value === "object" && value !== null) this.#map(value);
    else throw new WireFormatError(`a member of type ${typeof value} cannot be sent: leave it out`);
  }

  #map(value: object): void {
    // Ended by a break, because how many members are undefined is known at the end only.
    this.#byte(0xbf);
    for (const [name, member] of Object.entries(value) as readonly (readonly [string, unknown])[]) {
      if (member === undefined || member === null) continue;
      this.#text(name);
      this.value(member);
    }
    this.#byte(0xff);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value)) {
      if (value >= 0) this.#head(0, value);
      else this.#head(1, -1 - value);
      return;
    }
    this.#room(9);
    this.#buffer[this.#length] = 0xfb;
    this.#length = this.#buffer.writeDoubleBE(value, this.#length + 1);
  }

  #text(value: string): void {
    // In UTF-8 at most three bytes for each of the string's units. Short texts, and they nearly all are, need no counting beforehand.
    if (value.length < 8) {
      this.#room(1 + value.length * 3);
      const bytes = this.#buffer.write(value, this.#length + 1);
      this.#buffer[this.#length] = 0x60 | bytes;
      this.#length += 1 + bytes;
      return;
    }
    const bytes = Buffer.byteLength(value);
    this.#head(3, bytes);
    this.#room(bytes);
    this.#length += this.#buffer.write(value, this.#length);
  }

  #bytes(value: Uint8Array): void {
    this.#head(2, value.length);
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  #head(major: number, value: number): void {
    this.#room(9);
    const type = major << 5;
    const buffer = this.#buffer;
    const at = this.#length;
    if (value < 24) {
      buffer[at] = type | value;
      this.#length = at + 1;
    } else if (value < 0x1_00) {
      buffer[at] = type | 24;
      buffer[at + 1] = value;
      this.#length = at + 2;
    } else if (value < 0x1_00_00) {
      buffer[at] = type | 25;
      this.#length = buffer.writeUInt16BE(value, at + 1);
    } else if (value < 0x1_0000_0000) {
      buffer[at] = type | 26;
      this.#length = buffer.writeUInt32BE(value, at + 1);
    } else {
      buffer[at] = type | 27;
      this.#length = buffer.writeBigUInt64BE(BigInt(value), at + 1);
    }
  }

  #byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, needed));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/**
 * Writes a request as AWS-CBOR 1.1: texts, numbers, booleans, bytes, Dates (whole milliseconds), lists and plain objects, of which
 * undefined and null members are left out.
 *
 * @param bytes - how large the result will be, about: one buffer is made of it. Default 1,024.
 * @throws WireFormatError when a member cannot be sent
 */
export function encodeCbor(value: unknown, bytes: number = firstBytes): Buffer {
  const writer = new CborWriter(bytes);
  writer.value(value);
  return writer.finish();
}
