import { HttpFormatError } from "./http-format-error.js";
import type { StreamedBody } from "./streamed-body.js";

/** A chunk's size with its extensions, or a trailer: longer lines are no line. */
const MAX_LINE_BYTES = 16 * 1024;
const LINE_FEED = 0x0a;

/**
 * Takes the chunked transfer coding off a body, however its bytes come (RFC 9112 section 7.1). Chunk extensions and trailers are passed over.
 * AWS sends lengths; proxies and emulators in between may not.
 */
export class ChunkedBody implements StreamedBody {
  readonly #maxBytes: number;
  readonly #pieces: Buffer[] = [];
  #length = 0;
  /** What the next bytes are: of a size line, of a chunk, its line end, or the trailers. */
  #part: "size" | "data" | "end" | "trailer" | "done" = "size";
  #line = "";
  #left = 0;

  /** @param maxBytes a longer body is refused */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isDone(): boolean {
    return this.#part === "done";
  }

  body(): Buffer {
    return Buffer.concat(this.#pieces, this.#length);
  }

  push(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.#part !== "done") {
      if (this.#part === "data") at = this.#takeData(bytes, at);
      else at = this.#takeLine(bytes, at);
    }
    return at;
  }

  #takeData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#pieces.push(Buffer.from(bytes.subarray(at, end)));
    this.#left -= end - at;
    if (this.#left === 0) this.#part = "end";
    return end;
  }

  #takeLine(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(LINE_FEED, at);
    const end = found < 0 ? bytes.length : found + 1;
    this.#line += bytes.toString("latin1", at, end);
    if (this.#line.length > MAX_LINE_BYTES) throw new HttpFormatError("has a chunk without a size");
    if (found < 0) return end;
    if (!this.#line.endsWith("\r\n")) throw new HttpFormatError("has a line that ends strangely");
    const line = this.#line.slice(0, -2);
    this.#line = "";
    this.#endLine(line);
    return end;
  }

  #endLine(line: string): void {
    switch (this.#part) {
      case "size": {
        const [, size] = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line) ?? [];
        if (size === undefined) throw new HttpFormatError("has a chunk without a size");
        this.#left = Number.parseInt(size, 16);
        this.#length += this.#left;
        if (this.#length > this.#maxBytes) throw new HttpFormatError(`has more than ${this.#maxBytes} bytes`);
        this.#part = this.#left === 0 ? "trailer" : "data";
        return;
      }
      case "end":
        if (line !== "") throw new HttpFormatError("has a chunk that is longer than it said");
        this.#part = "size";
        return;
      default:
        if (line === "") this.#part = "done";
    }
  }
}
