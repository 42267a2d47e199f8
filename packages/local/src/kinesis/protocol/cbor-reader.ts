import {
  arrayType,
  breakByte,
  bytesType,
  epochTag,
  indefinite,
  mapType,
  negativeType,
  tagType,
  textType,
  unsignedType,
} from "./cbor-types.js";
import { unreadable } from "../errors.js";
import { type Input, isInput, WireTime } from "./values.js";

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
