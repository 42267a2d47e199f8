import type { BodyMemory } from "./body-memory.js";
import { HttpFormatError } from "./http-format-error.js";

/** Less than this is not worth beginning with; a body that grows doubles. */
const FIRST_BYTES = 16 * 1024;

/**
 * Bytes of a body whose length is not known beforehand, in one piece of memory that doubles: what a body takes does not depend on how many pieces
 * it comes in.
 */
export class GrowingBody {
  readonly #memory: BodyMemory;
  readonly #maxBytes: number;
  #bytes: Buffer;
  #length = 0;

  /** @param maxBytes a longer body is refused */
  constructor(memory: BodyMemory, maxBytes: number) {
    this.#memory = memory;
    this.#maxBytes = maxBytes;
    this.#bytes = memory.take(FIRST_BYTES);
  }

  /**
   * Makes sure that so many bytes more may come.
   * @throws HttpFormatError when they may not
   */
  expect(bytes: number): void {
    if (this.#length + bytes > this.#maxBytes)
      throw new HttpFormatError(`has more than ${this.#maxBytes} bytes`);
  }

  /** Copies bytes in. */
  add(bytes: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#bytes.length) this.#grow(length);
    if (to - from === 1) this.#bytes[this.#length] = bytes[from] as number;
    else bytes.copy(this.#bytes, this.#length, from, to);
    this.#length = length;
  }

  /** Everything that came. */
  whole(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const grown = this.#memory.take(Math.max(length, Math.min(this.#bytes.length * 2, this.#maxBytes)));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#memory.give(this.#bytes);
    this.#bytes = grown;
  }
}
