import { WireFormatError } from "./wire-format-error.js";

// GetRecords answers with at most 10 MiB of data, in base64 and with keys and names around it well under this.
const maxBodyBytes = 32 * 1024 * 1024;
const firstBytes = 64 * 1024;

/**
 * The whole body of an answer in one buffer, each part copied as it arrives: into one of the declared size, or into one that grows, for
 * parts may be as small as a byte and a list of them would take a hundred times as much.
 * @throws WireFormatError when it is shorter or longer than declared, or longer than any answer; the connection's own error otherwise
 */
export async function collectBody(
  body: AsyncIterable<Uint8Array>,
  contentLength: string | undefined,
): Promise<Buffer> {
  const declared = contentLength === undefined ? undefined : Number(contentLength);
  if (declared !== undefined && !(declared <= maxBodyBytes)) throw tooLong();
  // Large ones are not taken from Node's pool, small ones are; either way the bytes are this answer's own.
  let bytes = Buffer.allocUnsafe(declared ?? firstBytes);
  let length = 0;
  for await (const part of body) {
    if (part.length > bytes.length - length) {
      if (declared !== undefined) throw wrongLength("longer");
      bytes = grown(bytes, length, part.length);
    }
    bytes.set(part, length);
    length += part.length;
  }
  if (declared === undefined) return bytes.subarray(0, length);
  if (length < declared) throw wrongLength("shorter");
  return bytes;
}

/** The same bytes with room for more. */
function grown(bytes: Buffer, length: number, more: number): Buffer<ArrayBuffer> {
  const needed = length + more;
  if (needed > maxBodyBytes) throw tooLong();
  const larger = Buffer.allocUnsafe(Math.min(maxBodyBytes, Math.max(needed, bytes.length * 2)));
  bytes.copy(larger, 0, 0, length);
  return larger;
}

function tooLong(): WireFormatError {
  return new WireFormatError(`the answer is longer than ${maxBodyBytes} bytes, as none is: ask again`);
}

function wrongLength(which: string): WireFormatError {
  return new WireFormatError(`the answer is ${which} than it said: ask again`);
}
