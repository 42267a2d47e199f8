import type { BodyMemory } from "./body-memory.js";
import { GrowingBody } from "./growing-body.js";
import { HttpFormatError } from "./http-format-error.js";
import { readHeaderLine } from "./response-head.js";
import type { StreamedBody } from "./streamed-body.js";

/** Extensions of all chunks of a body together: as many as Node allows (`kMaxChunkExtensionsSize` in src/node_http_parser.cc). */
const MAX_EXTENSION_BYTES = 16 * 1024;
/** All trailers of a body together: as many as Node allows for headers. */
const MAX_TRAILER_BYTES = 16 * 1024;
/** More digits than the largest body needs are refused, zeros too. */
const MAX_SIZE_DIGITS = 12;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;
const SEMICOLON = 0x3b;
const DELETE = 0x7f;

/** The part of the body that the next byte belongs to. */
type Part =
  | "size"
  | "extension"
  | "size-line-feed"
  | "data"
  | "data-return"
  | "data-line-feed"
  | "trailer"
  | "trailer-line-feed"
  | "done";

/**
 * Takes the chunked transfer coding off a body, however its bytes come (RFC 9112 section 7.1). Extensions and trailers are read and passed over.
 * AWS sends lengths; proxies and emulators in between may not.
 *
 * It goes byte by byte and makes nothing per chunk, so that chunks of one byte cost no more memory than others. What could be understood in two ways
 * is refused: line ends other than CRLF, blanks behind a size.
 */
export class ChunkedBody implements StreamedBody {
  readonly #body: GrowingBody;
  #part: Part = "size";
  /** Of the chunk's size, while it is read. */
  #digits = 0;
  #size = 0;
  /** Bytes of the chunk that are to come. */
  #left = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  #trailer = "";

  /** @param maxBytes a longer body is refused */
  constructor(memory: BodyMemory, maxBytes: number) {
    this.#body = new GrowingBody(memory, maxBytes);
  }

  get isDone(): boolean {
    return this.#part === "done";
  }

  body(): Buffer {
    return this.#body.whole();
  }

  push(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.#part !== "done") {
      if (this.#part === "data") at = this.#takeData(bytes, at);
      else {
        this.#takeByte(bytes[at] as number);
        at += 1;
      }
    }
    return at;
  }

  #takeData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#body.add(bytes, at, end);
    this.#left -= end - at;
    if (this.#left === 0) this.#part = "data-return";
    return end;
  }

  #takeByte(byte: number): void {
    switch (this.#part) {
      case "size":
        this.#takeSize(byte);
        return;
      case "extension":
        if (byte === CARRIAGE_RETURN) this.#part = "size-line-feed";
        else this.#takeExtension(byte);
        return;
      case "size-line-feed":
        expected(byte, LINE_FEED, "has a line that ends strangely");
        this.#beginChunk();
        return;
      case "data-return":
        expected(byte, CARRIAGE_RETURN, "has a chunk that is longer than it said");
        this.#part = "data-line-feed";
        return;
      case "data-line-feed":
        expected(byte, LINE_FEED, "has a line that ends strangely");
        this.#part = "size";
        return;
      case "trailer":
        if (byte === CARRIAGE_RETURN) this.#part = "trailer-line-feed";
        else this.#takeTrailer(byte);
        return;
      case "trailer-line-feed":
        expected(byte, LINE_FEED, "has a line that ends strangely");
        this.#endTrailer();
        return;
      default:
    }
  }

  #takeSize(byte: number): void {
    const digit = digitOf(byte);
    if (digit >= 0 && this.#digits < MAX_SIZE_DIGITS) {
      this.#size = this.#size * 16 + digit;
      this.#digits += 1;
    } else if (this.#digits > 0 && byte === CARRIAGE_RETURN) this.#part = "size-line-feed";
    else if (this.#digits > 0 && byte === SEMICOLON) this.#part = "extension";
    else throw new HttpFormatError("has a chunk without a size");
  }

  #takeExtension(byte: number): void {
    if ((byte < BLANK && byte !== TAB) || byte === DELETE)
      throw new HttpFormatError("has a chunk extension with what none may hold");
    this.#extensionBytes += 1;
    if (this.#extensionBytes > MAX_EXTENSION_BYTES)
      throw new HttpFormatError(`has more than ${MAX_EXTENSION_BYTES} bytes of chunk extensions`);
  }

  #beginChunk(): void {
    this.#body.expect(this.#size);
    this.#left = this.#size;
    this.#part = this.#size === 0 ? "trailer" : "data";
    this.#size = 0;
    this.#digits = 0;
  }

  #takeTrailer(byte: number): void {
    this.#trailerBytes += 1;
    if (this.#trailerBytes > MAX_TRAILER_BYTES)
      throw new HttpFormatError(`has more than ${MAX_TRAILER_BYTES} bytes of trailers`);
    this.#trailer += String.fromCharCode(byte);
  }

  #endTrailer(): void {
    if (this.#trailer === "") {
      this.#part = "done";
      return;
    }
    // Only for what it refuses.
    readHeaderLine(this.#trailer);
    this.#trailer = "";
    this.#part = "trailer";
  }
}

function expected(byte: number, wanted: number, otherwise: string): void {
  if (byte !== wanted) throw new HttpFormatError(otherwise);
}

/** The value of a hexadecimal digit, or -1. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  // Lower case.
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
