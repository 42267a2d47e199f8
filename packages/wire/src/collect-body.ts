import { WireFormatError } from "./wire-format-error.js";

// GetRecords answers with at most 10 MiB of data, in base64 and with keys and names around it well under this. A larger announced
// length is not believed beforehand.
const maxAnnouncedBytes = 32 * 1024 * 1024;

/**
 * The whole body of an answer in one buffer of its announced size, each part copied once as it arrives.
 * @throws WireFormatError when it is shorter or longer than announced; the connection's own error otherwise
 */
export async function collectBody(
  body: AsyncIterable<Uint8Array>,
  contentLength: string | undefined,
): Promise<Buffer> {
  const announced = contentLength === undefined ? undefined : Number(contentLength);
  if (announced === undefined || !(announced <= maxAnnouncedBytes)) {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    return Buffer.concat(parts);
  }
  // Large ones are not taken from Node's pool, small ones are; either way the bytes are this answer's own.
  const bytes = Buffer.allocUnsafe(announced);
  let length = 0;
  for await (const part of body) {
    if (part.length > announced - length) throw wrongLength("longer");
    bytes.set(part, length);
    length += part.length;
  }
  if (length < announced) throw wrongLength("shorter");
  return bytes;
}

function wrongLength(which: string): WireFormatError {
  return new WireFormatError(`the answer is ${which} than it said: ask again`);
}
