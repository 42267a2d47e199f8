import { createHash, type Hash } from "node:crypto";
import type { Position } from "@kinesis-connectors/core";

/** So many bytes are collected, because a call into the hash costs more than hashing sixty of them; not more, for thousands of objects at a time. */
const MAX_PENDING_BYTES = 4096;
/** An object among thousands may hold a few records only. */
const FIRST_PENDING_BYTES = 256;
/** A sub-sequence number of up to 16 digits, a dot and a line feed. */
const MAX_REST_BYTES = 18;

const DOT = 0x2e;
const ZERO = 0x30;
const LINE_FEED = 0x0a;

/** SHA-256 over `<sequence>.<sub>` and a line feed for each of the positions, as they come. */
export class PositionsHash {
  #hash: Hash | undefined;
  #pending: Buffer = Buffer.allocUnsafeSlow(FIRST_PENDING_BYTES);
  #length = 0;

  add({ sequenceNumber, subSequenceNumber }: Position): void {
    this.#reserve(sequenceNumber.length + MAX_REST_BYTES);
    const pending = this.#pending;
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

  /** In hex. Nothing can be added any more. */
  digest(): string {
    return (this.#hash ?? createHash("sha256")).update(this.#pending.subarray(0, this.#length)).digest("hex");
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#pending.length) return;
    if (this.#pending.length < MAX_PENDING_BYTES || bytes > this.#pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#pending.length * 2, this.#length + bytes));
      this.#pending.copy(grown, 0, 0, this.#length);
      this.#pending = grown;
      return;
    }
    this.#hash ??= createHash("sha256");
    this.#hash.update(this.#pending.subarray(0, this.#length));
    this.#length = 0;
  }
}
