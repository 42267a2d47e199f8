import { Readable } from "node:stream";
import zlib from "node:zlib";
import {
  bytes as recordBytes,
  compressed,
  hasCode,
  isPromise,
  type KinesisRecord,
} from "@kinesis-connectors/core";

/** A compression by which an object was stored, told by its `Content-Encoding` and its name. */
export type StoredCompression = "gzip" | "zstd" | undefined;

/** Most bytes that an object of zstd becomes where it is decompressed whole, because Node has no zstd of its own. */
const MAX_WHOLE_BYTES: number = 1024 * 1024 * 1024;
const CHUNK_BYTES: number = 256 * 1024;

/** How an object is compressed, and its extension without that. */
export function compressionIn(
  extension: string,
  contentEncoding: string | undefined,
): { readonly compression: StoredCompression; readonly extension: string } {
  const byName = extension.endsWith(".gz") ? "gzip" : extension.endsWith(".zst") ? "zstd" : undefined;
  const compression = contentEncoding === "gzip" || contentEncoding === "zstd" ? contentEncoding : byName;
  return { compression, extension: extension.replace(/\.(?:gz|zst)$/, "") };
}

/** The bytes as they were before compression, chunk by chunk: no more than one chunk and the decompressor's window are in memory. */
export async function* decompressed(
  chunks: AsyncIterable<Uint8Array>,
  compression: StoredCompression,
): AsyncGenerator<Uint8Array, void> {
  if (compression === undefined) {
    yield* chunks;
    return;
  }
  const decompress = compression === "gzip" ? zlib.createGunzip({ chunkSize: CHUNK_BYTES }) : zstdStream();
  if (decompress === undefined) {
    yield await wholeZstd(chunks);
    return;
  }
  const source = Readable.from(chunks, { objectMode: false, highWaterMark: CHUNK_BYTES });
  // `pipe` forwards no errors: what breaks off must end the decompression too.
  source.once("error", (error) => decompress.destroy(error));
  source.pipe(decompress);
  try {
    for await (const chunk of decompress) if (chunk instanceof Uint8Array) yield chunk;
  } finally {
    source.destroy();
    decompress.destroy();
  }
}

/** Node's own, which the types of Node 20 do not know; undefined where there is none. */
function zstdStream(): zlib.Gunzip | undefined {
  const create: unknown = Reflect.get(zlib, "createZstdDecompress");
  if (typeof create !== "function") return undefined;
  // A stream like that of gzip.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Reflect.apply(create, zlib, [{ chunkSize: CHUNK_BYTES }]) as zlib.Gunzip;
}

const inflating = compressed(recordBytes(), { maxBytes: MAX_WHOLE_BYTES });

/** The way of core for records that are compressed with zstd. */
async function wholeZstd(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  const record: KinesisRecord = {
    sequenceNumber: "0",
    subSequenceNumber: 0,
    partitionKey: "",
    arrivalTimeMs: 0,
    data: Buffer.concat(pieces),
  };
  try {
    const model = inflating.toModel(record);
    const bytes: unknown = isPromise(model) ? await model : model;
    if (bytes instanceof Uint8Array) return bytes;
  } catch (error) {
    if (!hasCode(error, "KC_RECORD_POISON")) throw error;
    // It is an object, and whose it is says the caller.
    throw new Error(error.message.replace("the record's", "its").replace(/ \(maxBytes of .*\)$/, ""), {
      cause: error,
    });
  }
  throw new TypeError("zstd gave no bytes");
}
