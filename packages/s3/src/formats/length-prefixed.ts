import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { RecordFormat } from "./format.js";
import { wellFormed } from "./formats.js";

/** Bytes of the length before each record. */
const LENGTH_BYTES = 4;

/**
 * Each record behind its length in bytes, as four bytes, most significant first. It keeps any record whatever bytes it holds, empty ones included,
 * and a reader needs no separator. Texts in UTF-8. Refused by name: what is neither bytes nor text, and
 * texts with half a surrogate pair, which UTF-8 cannot write.
 */
export function lengthPrefixed(): RecordFormat<Uint8Array | string> {
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
  };
}
