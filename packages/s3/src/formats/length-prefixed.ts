import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { ArchivedContent, ArchiveFormat } from "./archive-format.js";
import type { RecordFormat } from "./format.js";
import { wellFormed } from "./formats.js";
import { asBuffer } from "./pieces.js";

/** Bytes of the length before each record. */
const LENGTH_BYTES = 4;

/**
 * Each record behind its length in bytes, as four bytes, most significant first. It keeps any record whatever bytes it holds, empty ones included,
 * and a reader needs no separator. Texts in UTF-8. Refused by name: what is neither bytes nor text, and
 * texts with half a surrogate pair, which UTF-8 cannot write.
 */
export function lengthPrefixed(): RecordFormat<Uint8Array | string> & ArchiveFormat {
  const length = Buffer.alloc(LENGTH_BYTES);
  return {
    extension: ".records",
    contentType: "application/octet-stream",
    write: (output: unknown, object) => {
      if (!(output instanceof Uint8Array) && typeof output !== "string") {
        throw new KinesisConnectorError(
          "KC_RECORD_POISON",
          "lengthPrefixed() writes bytes and texts only; let the transformer's to(...) return one of them",
        );
      }
      const bytes = typeof output === "string" ? Buffer.from(wellFormed(output)) : output;
      length.writeUInt32BE(bytes.length);
      object.writeBytes(length);
      object.writeBytes(bytes);
    },
    sizeOf: (output: unknown) => {
      const bytes = output instanceof Uint8Array ? output.length : Buffer.byteLength(String(output));
      return bytes + LENGTH_BYTES;
    },
    read: ({ chunks, maxRecordBytes }) => prefixedIn(chunks(), maxRecordBytes),
  };
}

async function* prefixedIn(
  chunks: AsyncIterable<Uint8Array>,
  maxRecordBytes: number,
): AsyncGenerator<readonly ArchivedContent[], void> {
  let rest: Buffer = Buffer.alloc(0);
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  /** So many bytes are needed to go on. */
  let needed = LENGTH_BYTES;
  for await (const chunk of chunks) {
    waiting.push(asBuffer(chunk));
    waitingBytes += chunk.length;
    if (rest.length + waitingBytes < needed) continue;
    rest = Buffer.concat([rest, ...waiting.splice(0)]);
    waitingBytes = 0;
    const found: ArchivedContent[] = [];
    let start = 0;
    needed = LENGTH_BYTES;
    while (rest.length - start >= LENGTH_BYTES) {
      const length = rest.readUInt32BE(start);
      if (length > maxRecordBytes)
        throw new RangeError(`a record has more than ${maxRecordBytes} bytes (maxRecordBytes)`);
      const end = start + LENGTH_BYTES + length;
      if (end > rest.length) {
        needed = LENGTH_BYTES + length;
        break;
      }
      found.push({ data: rest.subarray(start + LENGTH_BYTES, end) });
      start = end;
    }
    rest = rest.subarray(start);
    if (found.length > 0) yield found;
  }
  if (rest.length + waitingBytes > 0) throw new Error("it ends in the middle of a record");
}
