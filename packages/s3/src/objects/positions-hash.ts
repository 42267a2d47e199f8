import { createHash, hash, type Hash } from "node:crypto";
import type { Position } from "@kinesis-connectors/core";

/** So many bytes are collected, because a call into the hash costs more than hashing sixty of them; not more, for thousands of objects at a time. */
const MAX_PENDING_BYTES = 4096;
const FIRST_PENDING_BYTES = 2048;
/** A sub-sequence number of up to 16 digits, a dot and a line feed. */
const MAX_REST_BYTES = 18;
/** So many positions wait as they are: an object among thousands may hold a few records only, and needs no buffer for them. */
const FEW = 16;

const DOT = 0x2e;
const ZERO = 0x30;
const LINE_FEED = 0x0a;

/** SHA-256 over `<sequence>.<sub>` and a line feed for each of the positions, as they come. */
export class PositionsHash {
  /** Their numbers, by turns; undefined once there were more than a few. */
  #few: (string | number)[] | undefined = [];
  #hash: Hash | undefined;
  #pending: Buffer | undefined;
  #length = 0;

  add({ sequenceNumber, subSequenceNumber }: Position): void {
    const few = this.#few;
    if (few === undefined) this.#write(sequenceNumber, subSequenceNumber);
    else if (few.push(sequenceNumber, subSequenceNumber) === 2 * FEW) {
      this.#few = undefined;
      for (let at = 0; at < few.length; at += 2) this.#write(few[at] as string, few[at + 1] as number);
    }
  }

  /** In hex. Nothing can be added any more. */
  digest(): string {
    const few = this.#few;
    if (few !== undefined) {
      let text = "";
      for (let at = 0; at < few.length; at += 2) text += `${few[at]}.${few[at + 1]}\n`;
      return hash("sha256", text, "hex");
    }
    const rest = this.#pending?.subarray(0, this.#length) ?? Buffer.alloc(0);
    return (this.#hash ?? createHash("sha256")).update(rest).digest("hex");
  }

  #write(sequenceNumber: string, subSequenceNumber: number): void {
    const pending = this.#reserve(sequenceNumber.length + MAX_REST_BYTES);
    let at = this.#length;
    // Digits: a byte each. Written one by one or joined as texts they take half as long again.
    at += pending.write(sequenceNumber, at, "latin1");
    pending[at] = DOT;
    at += 1;
    if (subSequenceNumber === 0) {
      pending[at] = ZERO;
      at += 1;
    } else {
      at += pending.write(String(subSequenceNumber), at, "latin1");
    }
    pending[at] = LINE_FEED;
    this.#length = at + 1;
  }

  #reserve(bytes: number): Buffer {
    const pending = this.#pending;
    if (pending !== undefined && this.#length + bytes <= pending.length) return pending;
    if (pending === undefined || pending.length < MAX_PENDING_BYTES || bytes > pending.length) {
      const capacity = Math.max((pending?.length ?? 0) * 2, this.#length + bytes, FIRST_PENDING_BYTES);
      const grown = Buffer.allocUnsafeSlow(capacity);
      pending?.copy(grown, 0, 0, this.#length);
      this.#pending = grown;
      return grown;
    }
    this.#hash ??= createHash("sha256");
    this.#hash.update(pending.subarray(0, this.#length));
    this.#length = 0;
    return pending;
  }
}
