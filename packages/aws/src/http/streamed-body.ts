import type { BodyMemory } from "./body-memory.js";
import { GrowingBody } from "./growing-body.js";

/** A body whose length is not known beforehand, while it comes in. */
export interface StreamedBody {
  /** Whether its end has been seen. */
  readonly isDone: boolean;
  /** Takes bytes in, which it copies; returns how many of them belong to the body. Throws `HttpFormatError`. */
  push(bytes: Buffer): number;
  /** Everything that was taken in. */
  body(): Buffer;
}

/** A body that ends with its connection (RFC 9112 section 6.3, number 8). */
export class UntilCloseBody implements StreamedBody {
  readonly isDone: boolean = false;
  readonly #body: GrowingBody;

  constructor(memory: BodyMemory, maxBytes: number) {
    this.#body = new GrowingBody(memory, maxBytes);
  }

  push(bytes: Buffer): number {
    this.#body.expect(bytes.length);
    this.#body.add(bytes, 0, bytes.length);
    return bytes.length;
  }

  body(): Buffer {
    return this.#body.whole();
  }
}
