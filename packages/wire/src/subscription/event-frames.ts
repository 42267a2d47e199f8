import { crc32 } from "node:zlib";

import { WireFormatError } from "../wire-format-error.js";

/** One message of `application/vnd.amazon.eventstream`. */
export interface EventFrame {
  /** The headers whose values are texts, by name; the others are read over. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Buffer;
}

// "Amazon Event Stream Specification" (Smithy 2.0): total length, headers' length, CRC-32 of these; headers; payload; CRC-32 of all.
const preludeBytes = 12;
const checksumBytes = 4;
// The same page: 16 MiB of payload, 128 KiB of headers.
const maxHeadersBytes = 128 * 1024;
const maxFrameBytes = 16 * 1024 * 1024 + maxHeadersBytes + preludeBytes + checksumBytes;

/** Sizes of header values by their type; types 6 and 7 say theirs. */
const valueBytes: readonly number[] = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];
const stringType = 7;

const nothing = Buffer.alloc(0);

function malformed(what: string): WireFormatError {
  return new WireFormatError(
    `the event stream ${what}; it was damaged or cut off on its way: subscribe again`,
  );
}

/**
 * Cuts what comes of a subscription's body into messages, however it was cut on its way, and checks both checksums of each. A message
 * that lies in one part is a view of it; of one that came in several, each byte is copied once, into a buffer of its own.
 */
export class FrameCutter {
  /** Parts that have come; the first of them is taken up to `#at`. */
  readonly #parts: Buffer[] = [];
  #at = 0;
  /** The beginning of a message that has not come completely, in a buffer of its whole size once that is known. */
  #begun = nothing;
  #begunBytes = 0;

  /** Adds a part. It is the caller's no more: messages are views of it. */
  add(part: Uint8Array): void {
    this.#parts.push(
      Buffer.isBuffer(part) ? part : Buffer.from(part.buffer, part.byteOffset, part.byteLength),
    );
  }

  /**
   * The next message, or undefined when more has to come first.
   * @throws WireFormatError
   */
  take(): EventFrame | undefined {
    for (;;) {
      const part = this.#parts[0];
      if (part === undefined) return undefined;
      if (this.#at === part.length) {
        this.#parts.shift();
        this.#at = 0;
        continue;
      }
      const frame = this.#begunBytes === 0 ? this.#begin(part) : this.#goOn(part);
      if (frame !== undefined) return frame;
    }
  }

  /** @throws WireFormatError when the body may not end here, inside a message */
  end(): void {
    if (this.#begunBytes > 0) throw malformed("ends inside a message");
  }

  #begin(part: Buffer): EventFrame | undefined {
    const at = this.#at;
    const available = part.length - at;
    const size = available < preludeBytes ? 0 : frameSize(part, at);
    if (size > 0 && size <= available) {
      this.#at = at + size;
      return readFrame(part.subarray(at, at + size));
    }
    this.#begun = Buffer.allocUnsafe(size > 0 ? size : preludeBytes);
    this.#copy(part);
    return undefined;
  }

  #goOn(part: Buffer): EventFrame | undefined {
    this.#copy(part);
    if (this.#begunBytes < this.#begun.length) return undefined;
    const begun = this.#begun;
    const size = frameSize(begun, 0);
    if (size > begun.length) {
      // It was only the prelude.
      this.#begun = Buffer.allocUnsafe(size);
      begun.copy(this.#begun);
      return undefined;
    }
    this.#begun = nothing;
    this.#begunBytes = 0;
    return readFrame(begun);
  }

  #copy(part: Buffer): void {
    const copied = part.copy(this.#begun, this.#begunBytes, this.#at);
    this.#begunBytes += copied;
    this.#at += copied;
  }
}

/** The size of the message that begins here, of which at least the prelude is there. */
function frameSize(bytes: Buffer, at: number): number {
  const size = bytes.readUInt32BE(at);
  // Checked before the size is believed: a damaged one could ask for any amount of memory.
  if (bytes.readUInt32BE(at + 8) !== crc32(bytes.subarray(at, at + 8))) {
    throw malformed("has a message whose beginning does not match its checksum");
  }
  const headersBytes = bytes.readUInt32BE(at + 4);
  const mostHeadersBytes = Math.min(maxHeadersBytes, size - preludeBytes - checksumBytes);
  if (size > maxFrameBytes || headersBytes > mostHeadersBytes) {
    throw malformed("has a message of an impossible size");
  }
  return size;
}

function readFrame(frame: Buffer): EventFrame {
  const end = frame.length - checksumBytes;
  if (frame.readUInt32BE(end) !== crc32(frame.subarray(0, end))) {
    throw malformed("has a message that does not match its checksum");
  }
  const headersEnd = preludeBytes + frame.readUInt32BE(4);
  return { headers: readHeaders(frame, headersEnd), payload: frame.subarray(headersEnd, end) };
}

function readHeaders(frame: Buffer, end: number): Map<string, string> {
  const headers = new Map<string, string>();
  let at = preludeBytes;
  while (at < end) {
    const nameEnd = at + 1 + (frame[at] ?? 0);
    const type = frame[nameEnd] ?? 0;
    let valueStart = nameEnd + 1;
    let size = valueBytes[type];
    if (size === undefined) throw malformed("has a header of no known type");
    if (size < 0) {
      size = valueStart + 2 <= end ? frame.readUInt16BE(valueStart) : end;
      valueStart += 2;
    }
    if (valueStart + size > end) throw malformed("has headers that do not fit");
    if (type === stringType) {
      headers.set(
        frame.toString("utf8", at + 1, nameEnd),
        frame.toString("utf8", valueStart, valueStart + size),
      );
    }
    at = valueStart + size;
  }
  return headers;
}
