import {
  arrayType,
  breakByte,
  bytesType,
  epochTag,
  indefinite,
  mapType,
  negativeType,
  simpleType,
  tagType,
  textType,
  unsignedType,
} from "./cbor-types.js";
import type { StoredRecord } from "../streams/shard.js";
import { RecordList, WireTime, type WireValue } from "./values.js";

/**
 * The framing of answers in AWS-CBOR 1.1. The service uses more than one form, so a client must read all:
 * definite lengths, indefinite lengths (with strings in chunks), or both in turn. `refuse` answers JSON.
 */
export type CborForm = "definite" | "indefinite" | "mixed" | "refuse";

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
