import { crc32 } from "node:zlib";

import { WireFormatError } from "./wire-format-error.js";

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
const maxFrameBytes = 16 * 1024 * 1024 + 128 * 1024 + preludeBytes + checksumBytes;

/** Sizes of header values by their type; types 6 and 7 say theirs. */
const valueBytes: readonly number[] = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];
const stringType = 7;

function malformed(what: string): WireFormatError {
  return new WireFormatError(
    `the event stream ${what}; it was damaged or cut off on its way: subscribe again`,
  );
}

/**
 * Cuts the body of a subscription into messages, however it was cut on its way, and checks both checksums of each. Reads from the
 * connection only as messages are asked for. Ends where the body ends; a body that ends inside a message is an error.
 * @throws WireFormatError
 */
export async function* readEventFrames(body: AsyncIterable<Uint8Array>): AsyncGenerator<EventFrame, void> {
  /** The beginning of a message that has not come completely: its bytes so far, in a buffer of its whole size once that is known. */
  let begun: Buffer = Buffer.alloc(0);
  let begunBytes = 0;
  for await (const part of body) {
    const chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    let at = 0;
    while (at < chunk.length) {
      if (begunBytes === 0) {
        const size = frameSize(chunk, at, chunk.length - at);
        if (size > 0 && size <= chunk.length - at) {
          yield readFrame(chunk.subarray(at, at + size));
          at += size;
          continue;
        }
        begun = Buffer.allocUnsafe(size > 0 ? size : preludeBytes);
      }
      const copied = chunk.copy(begun, begunBytes, at);
      begunBytes += copied;
      at += copied;
      if (begunBytes < begun.length) continue;
      const size = frameSize(begun, 0, begunBytes);
      if (size > begunBytes) {
        const whole = Buffer.allocUnsafe(size);
        begun.copy(whole, 0, 0, begunBytes);
        begun = whole;
        continue;
      }
      begunBytes = 0;
      yield readFrame(begun);
    }
  }
  if (begunBytes > 0) throw malformed("ends inside a message");
}

/** The size of the message that begins here, or 0 when too little of it is there to say. */
function frameSize(bytes: Buffer, at: number, available: number): number {
  if (available < preludeBytes) return 0;
  const size = bytes.readUInt32BE(at);
  // Checked before the size is believed: a damaged one could ask for any amount of memory.
  if (bytes.readUInt32BE(at + 8) !== crc32(bytes.subarray(at, at + 8))) {
    throw malformed("has a message whose beginning does not match its checksum");
  }
  const headersBytes = bytes.readUInt32BE(at + 4);
  if (size > maxFrameBytes || headersBytes > size - preludeBytes - checksumBytes) {
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
