import { unreadable } from "./errors.js";
import type { StoredRecord } from "./shard.js";
import { type Input, isInput, RecordList, WireTime, type WireValue } from "./values.js";

/**
 * How answers in AWS-CBOR 1.1 are framed. The service uses more than one form, so a client must read all:
 * definite lengths, indefinite lengths (with strings in chunks), or both in turn. `refuse` answers JSON.
 */
export type CborForm = "definite" | "indefinite" | "mixed" | "refuse";

// RFC 8949 section 3: major types in the three high bits.
const unsignedType = 0;
const negativeType = 1;
const bytesType = 2;
const textType = 3;
const arrayType = 4;
const mapType = 5;
const tagType = 6;
const simpleType = 7;
const indefinite = 31;
const breakByte = 0xff;
/** RFC 8949 section 3.4.2: epoch time. AWS-CBOR writes whole milliseconds where the RFC has seconds. */
const epochTag = 1;

class CborWriter {
  #buffer: Buffer;
  #length = 0;
  #containers = 0;
  readonly #form: CborForm;

  constructor(form: CborForm, sizeHint: number) {
    this.#form = form;
    this.#buffer = Buffer.allocUnsafe(sizeHint);
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  #head(major: number, value: number): void {
    this.#room(9);
    const type = major << 5;
    if (value < 24) this.#byte(type | value);
    else if (value < 0x1_00) {
      this.#byte(type | 24);
      this.#byte(value);
    } else if (value < 0x1_00_00) {
      this.#byte(type | 25);
      this.#length = this.#buffer.writeUInt16BE(value, this.#length);
    } else if (value < 0x1_00_00_00_00) {
      this.#byte(type | 26);
      this.#length = this.#buffer.writeUInt32BE(value, this.#length);
    } else {
      this.#byte(type | 27);
      this.#length = this.#buffer.writeBigUInt64BE(BigInt(value), this.#length);
    }
  }

  #open(major: number, size: number): boolean {
    this.#containers += 1;
    const open = this.#form === "indefinite" || (this.#form === "mixed" && this.#containers % 2 === 0);
    if (open) this.#byte((major << 5) | indefinite);
    else this.#head(major, size);
    return open;
  }

  #string(major: number, value: Buffer): void {
    // Chunks may be of any length; two show that a reader joins them. Text must not be cut inside a character.
    const inChunks =
      this.#form === "indefinite" && value.length > 1 && (major === bytesType || isAscii(value));
    if (!inChunks) {
      this.#chunk(major, value);
      return;
    }
    const middle = value.length >> 1;
    this.#byte((major << 5) | indefinite);
    this.#chunk(major, value.subarray(0, middle));
    this.#chunk(major, value.subarray(middle));
    this.#byte(breakByte);
  }

  #chunk(major: number, value: Buffer): void {
    this.#head(major, value.length);
    this.#room(value.length);
    value.copy(this.#buffer, this.#length);
    this.#length += value.length;
  }

  #text(value: string): void {
    if (this.#form === "indefinite") this.#string(textType, Buffer.from(value, "utf8"));
    else this.#name(value);
  }

  /** Text in one piece. Names of members always are: not every decoder takes them in chunks. */
  #name(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.#head(textType, bytes);
    this.#room(bytes);
    this.#length += this.#buffer.write(value, this.#length);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value)) {
      if (value >= 0) this.#head(unsignedType, value);
      else this.#head(negativeType, -1 - value);
      return;
    }
    this.#byte((simpleType << 5) | 27);
    this.#room(8);
    this.#length = this.#buffer.writeDoubleBE(value, this.#length);
  }

  #time(ms: number): void {
    this.#head(tagType, epochTag);
    this.#number(ms);
  }

  #record(stored: StoredRecord): void {
    const open = this.#open(mapType, 4);
    this.#name("SequenceNumber");
    this.#text(stored.sequenceNumber);
    this.#name("ApproximateArrivalTimestamp");
    this.#time(stored.arrivalMs);
    this.#name("Data");
    this.#string(bytesType, stored.data());
    this.#name("PartitionKey");
    this.#text(stored.partitionKey);
    if (open) this.#byte(breakByte);
  }

  value(value: Exclude<WireValue, undefined>): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "boolean") this.#byte((simpleType << 5) | (value ? 21 : 20));
    else if (value instanceof WireTime) this.#time(value.ms);
    else if (value instanceof RecordList) {
      const open = this.#open(arrayType, value.records.length);
      for (const stored of value.records) this.#record(stored);
      if (open) this.#byte(breakByte);
    } else if (Array.isArray(value)) {
      const elements: readonly WireValue[] = value;
      const open = this.#open(arrayType, elements.length);
      for (const element of elements) this.value(element ?? {});
      if (open) this.#byte(breakByte);
    } else {
      const members = Object.entries(value).filter(([, member]) => member !== undefined);
      const open = this.#open(mapType, members.length);
      for (const [name, member] of members) {
        this.#name(name);
        if (member !== undefined) this.value(member);
      }
      if (open) this.#byte(breakByte);
    }
  }
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80);
}

/** Writes an answer as AWS-CBOR 1.1. */
export function encodeCbor(value: Exclude<WireValue, undefined>, form: CborForm = "definite"): Buffer {
  const writer = new CborWriter(form, 512);
  writer.value(value);
  return writer.finish();
}

/** Containers nested deeper than this are refused: no operation's input is. */
const maxDepth = 32;

class CborReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw unreadable("The CBOR body ends too early");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info > 27) throw unreadable(`The CBOR body has a reserved length ${info}`);
    const bytes = this.#take(1 << (info - 24));
    return info === 27 ? Number(bytes.readBigUInt64BE()) : bytes.readUIntBE(0, bytes.length);
  }

  /** Whether an indefinite container ends here. */
  #breaks(): boolean {
    if (this.#bytes[this.#at] !== breakByte) return false;
    this.#at += 1;
    return true;
  }

  #string(major: number, info: number): Buffer {
    if (info !== indefinite) return this.#take(this.#argument(info));
    const chunks: Buffer[] = [];
    while (!this.#breaks()) {
      const head = this.#take(1)[0] ?? 0;
      if (head >> 5 !== major || (head & 31) === indefinite)
        throw unreadable("A CBOR string has a strange chunk");
      chunks.push(this.#take(this.#argument(head & 31)));
    }
    return Buffer.concat(chunks);
  }

  #items(info: number, each: () => void): void {
    if (info === indefinite) {
      while (!this.#breaks()) each();
      return;
    }
    const count = this.#argument(info);
    for (let index = 0; index < count; index += 1) each();
  }

  value(depth = 0): unknown {
    if (depth > maxDepth) throw unreadable("The CBOR body is nested too deeply");
    const head = this.#take(1)[0] ?? 0;
    const major = head >> 5;
    const info = head & 31;
    switch (major) {
      case unsignedType:
        return this.#argument(info);
      case negativeType:
        return -1 - this.#argument(info);
      case bytesType:
        return this.#string(major, info);
      case textType:
        return this.#string(major, info).toString("utf8");
      case arrayType: {
        const elements: unknown[] = [];
        this.#items(info, () => elements.push(this.value(depth + 1)));
        return elements;
      }
      case mapType: {
        const members: [string, unknown][] = [];
        this.#items(info, () => {
          const name = this.value(depth + 1);
          if (typeof name !== "string") throw unreadable("A CBOR map has a member whose name is not text");
          members.push([name, this.value(depth + 1)]);
        });
        return Object.fromEntries(members);
      }
      case tagType: {
        const tag = this.#argument(info);
        const value = this.value(depth + 1);
        return tag === epochTag && typeof value === "number" ? new WireTime(Math.round(value)) : value;
      }
      default:
        return this.#simple(info);
    }
  }

  #simple(info: number): unknown {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22 || info === 23) return null;
    if (info === 25) return halfFloat(this.#take(2).readUInt16BE());
    if (info === 26) return this.#take(4).readFloatBE();
    if (info === 27) return this.#take(8).readDoubleBE();
    throw unreadable(`The CBOR body has an unknown simple value ${info}`);
  }
}

/** RFC 8949 appendix D. */
function halfFloat(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : (fraction + 1024) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

/** Reads a whole CBOR item. */
export function decodeCborValue(body: Buffer): unknown {
  const reader = new CborReader(body);
  const value = reader.value();
  if (!reader.atEnd) throw unreadable("The CBOR body has bytes after its end");
  return value;
}

/** Reads a request's body; an empty one is an empty structure. */
export function decodeCbor(body: Buffer): Input {
  if (body.length === 0) return {};
  const value = decodeCborValue(body);
  if (!isInput(value)) throw unreadable("The request body is not a CBOR map");
  return value;
}
