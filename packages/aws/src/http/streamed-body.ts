import { HttpFormatError } from "./http-format-error.js";

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
  readonly #maxBytes: number;
  readonly #pieces: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(bytes: Buffer): number {
    this.#length += bytes.length;
    if (this.#length > this.#maxBytes) throw new HttpFormatError(`has more than ${this.#maxBytes} bytes`);
    this.#pieces.push(Buffer.from(bytes));
    return bytes.length;
  }

  body(): Buffer {
    return Buffer.concat(this.#pieces, this.#length);
  }
}
