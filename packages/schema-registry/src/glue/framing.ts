import { inflateSync, type ZlibOptions } from "node:zlib";
import { poisonRecord } from "@kinesis-connectors/core";
import {
  GLUE_HEADER_BYTES,
  GLUE_HEADER_VERSION,
  GLUE_ID_BYTES,
  GLUE_NOT_COMPRESSED,
  GLUE_ZLIB,
} from "../limits.js";
import type { Payload } from "../payload.js";

const ID_OFFSET = GLUE_HEADER_BYTES - GLUE_ID_BYTES;

/** The schema version id of a record that Glue's serializers wrote, as 16 characters of a byte each; they are kept, since most records name the same one. */
export class GlueHeader {
  #lastBytes: Buffer = Buffer.alloc(0);
  #lastKey = "";

  /** @throws KinesisConnectorError `KC_RECORD_POISON` */
  keyOf({ page, dataStart, length }: Payload): string {
    if (length < GLUE_HEADER_BYTES || page[dataStart] !== GLUE_HEADER_VERSION)
      throw poisonRecord(
        `the record's ${length} bytes do not begin with a header of the Glue Schema Registry (0x03, compression, schema version id)`,
      );
    const from = dataStart + ID_OFFSET;
    const last = this.#lastBytes;
    let at = 0;
    while (at < last.length && last[at] === page[from + at]) at += 1;
    if (at === GLUE_ID_BYTES) return this.#lastKey;
    this.#lastKey = page.toString("latin1", from, from + GLUE_ID_BYTES);
    this.#lastBytes = Buffer.from(page.subarray(from, from + GLUE_ID_BYTES));
    return this.#lastKey;
  }
}

/** The id as Glue's API takes it: a UUID. */
export function uuidOf(key: string): string {
  const hex = Buffer.from(key, "latin1").toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * What is behind the header, inflated where it is compressed.
 * @throws KinesisConnectorError `KC_RECORD_POISON`
 */
export function glueContent(payload: Payload, maxBytes: number): Payload {
  const compression = payload.page[payload.dataStart + 1];
  const content = payload.past(GLUE_HEADER_BYTES);
  if (compression === GLUE_NOT_COMPRESSED) return content;
  if (compression === GLUE_ZLIB) return content.with(inflated(content, maxBytes));
  throw poisonRecord(
    "the record's header names a compression that the Glue Schema Registry has not (0x00 or 0x05)",
  );
}

/** With `info` Node also gives the engine, which knows how much it read; the declarations leave that out. */
const inflateWithInfo = inflateSync as unknown as (
  data: Buffer,
  options: ZlibOptions,
) => { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

function inflated(content: Payload, maxBytes: number): Buffer {
  let result: ReturnType<typeof inflateWithInfo>;
  try {
    result = inflateWithInfo(content.bytes, { maxOutputLength: maxBytes, info: true });
  } catch (error) {
    const isTooLong = error instanceof RangeError;
    throw poisonRecord(
      isTooLong
        ? `the record's ${content.length} compressed bytes are more than ${maxBytes} inflated (maxBytes)`
        : `the record's ${content.length} compressed bytes are no whole zlib stream`,
    );
  }
  if (result.engine.bytesWritten !== content.length)
    throw poisonRecord(
      `the record's ${content.length} compressed bytes go on behind the end of their zlib stream`,
    );
  return result.buffer;
}
