import { viewOf } from "../page/records-members.js";
import { halfFloat, malformed } from "./cbor-values.js";

// RFC 8949 section 3: major types in the three high bits, and what the five low ones say beside a length.
const unsignedType = 0;
const negativeType = 1;
export const bytesType = 2;
export const textType = 3;
export const arrayType = 4;
export const mapType = 5;
export const tagType = 6;
export const indefinite = 31;
export const breakByte = 0xff;
export const nullByte = 0xf6;
export const undefinedByte = 0xf7;
/** Bytes of AWS-CBOR from a place on: heads, their arguments and the numbers in them. Throws `WireFormatError` where they end too early. */
export class CborHeads {
  /** Replaced when a string comes in pieces: the joined bytes are kept behind the answer's own. */
  bytes: Buffer;
  /** The same bytes. */
  view: DataView;
  at = 0;
  readonly end: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.end = bytes.length;
  }

  protected size(info: number): number {
    return info === indefinite ? -1 : this.argument(info);
  }

  protected peek(): number {
    if (this.at >= this.end) throw malformed("ends too early");
    return this.bytes[this.at] ?? 0;
  }

  protected take(): number {
    const byte = this.peek();
    this.at += 1;
    return byte;
  }

  protected need(count: number): number {
    const { at } = this;
    if (count > this.end - at) throw malformed("ends too early");
    this.at = at + count;
    return at;
  }

  /** The argument of a head; 64 bits are rounded, which no length that fits the answer is. */
  protected argument(info: number): number {
    if (info < 24) return info;
    switch (info) {
      case 24:
        return this.take();
      case 25: {
        const at = this.need(2);
        return ((this.bytes[at] ?? 0) << 8) | (this.bytes[at + 1] ?? 0);
      }
      case 26:
        return this.bytes.readUInt32BE(this.need(4));
      case 27: {
        const at = this.need(8);
        return this.bytes.readUInt32BE(at) * 0x1_0000_0000 + this.bytes.readUInt32BE(at + 4);
      }
      default:
        throw malformed("has a length that does not exist");
    }
  }

  protected numberOf(head: number): number | bigint | undefined {
    const major = head >> 5;
    const info = head & 31;
    if (major === unsignedType || major === negativeType) {
      const value = this.argument(info);
      if (value <= Number.MAX_SAFE_INTEGER) return major === unsignedType ? value : -1 - value;
      const exact = this.bytes.readBigUInt64BE(this.at - 8);
      return major === unsignedType ? exact : -1n - exact;
    }
    if (major !== 7) return undefined;
    if (info === 25) return halfFloat(this.bytes.readUInt16BE(this.need(2)));
    if (info === 26) return this.bytes.readFloatBE(this.need(4));
    if (info === 27) return this.bytes.readDoubleBE(this.need(8));
    return undefined;
  }
}
