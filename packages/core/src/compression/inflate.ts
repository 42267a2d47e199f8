import zlib, { type ZlibOptions } from "node:zlib";
import { hasCode, type KinesisConnectorError, poisonRecord } from "../errors.js";
import { isPromise, type MaybePromise } from "../maybe-promise.js";
import { MAX_HERE_BYTES } from "./limits.js";
import { inflateZstd } from "./zstd.js";

/** A compression that data tell by themselves, by how they begin. */
export type DataCompression = "gzip" | "zlib" | "zstd";

/** Chunks of the result, each allocated whole. */
const MIN_CHUNK_BYTES = 1024;
const MAX_CHUNK_BYTES = 256 * 1024;
/** Text comes out some times as large as it went in. */
const USUAL_RATIO = 4;

/** How data are compressed, by their first bytes; undefined where they are not. */
export function compressionOf(data: Uint8Array): DataCompression | undefined {
  const [first, second = 0] = data;
  // RFC 1952 section 2.3.1.
  if (first === 0x1f) return second === 0x8b ? "gzip" : undefined;
  // RFC 8878 section 3.1.1.
  if (first === 0x28) return second === 0xb5 && data[2] === 0x2f && data[3] === 0xfd ? "zstd" : undefined;
  // RFC 1950 section 2.2: a window of 32 KiB, a checksum over both bytes, and no dictionary of somebody's.
  if (first === 0x78) return (first * 256 + second) % 31 === 0 && (second & 0x20) === 0 ? "zlib" : undefined;
  return undefined;
}

/**
 * What was compressed.
 * @throws KinesisConnectorError `KC_RECORD_POISON` for what is damaged, cut short or followed by something else, and for more than `maxBytes`
 */
export function inflate(
  compression: DataCompression,
  data: Uint8Array,
  maxBytes: number,
): MaybePromise<Buffer> {
  if (compression === "zstd") return told(compression, data, maxBytes, () => inflateZstd(data, maxBytes));
  const here = Math.min(maxBytes, MAX_HERE_BYTES);
  if (data.length > here || statedBytes(compression, data) > here)
    return inflateInPool(compression, data, maxBytes);
  try {
    return inflateHere(compression, data, here);
  } catch (thrown) {
    if (isTooLarge(thrown) && here < maxBytes) return inflateInPool(compression, data, maxBytes);
    throw damaged(compression, data, maxBytes, thrown);
  }
}

/** How much comes out of the last member of a gzip, as it says itself: a hint, nothing more. */
function statedBytes(compression: DataCompression, data: Uint8Array): number {
  if (compression !== "gzip" || data.length < 4) return 0;
  return new DataView(data.buffer, data.byteOffset).getUint32(data.length - 4, true);
}

/** What Node gives with `info`: what came out, and how much of the data went in. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function optionsOf(data: Uint8Array, maxBytes: number): ZlibOptions {
  const chunkSize = Math.min(Math.max(data.length * USUAL_RATIO, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES);
  return { maxOutputLength: maxBytes, chunkSize, info: true };
}

function inflateHere(compression: "gzip" | "zlib", data: Uint8Array, maxBytes: number): Buffer {
  const run = compression === "gzip" ? zlib.gunzipSync : zlib.inflateSync;
  // The types know nothing of `info`.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return wholeOf(data, run(data, optionsOf(data, maxBytes)) as unknown as Inflated);
}

function inflateInPool(compression: "gzip" | "zlib", data: Uint8Array, maxBytes: number): Promise<Buffer> {
  const run = compression === "gzip" ? zlib.gunzip : zlib.inflate;
  return new Promise((resolve, reject) => {
    run(data, optionsOf(data, maxBytes), (error, inflated) => {
      try {
        if (error !== null) throw error;
        // As above.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        resolve(wholeOf(data, inflated as unknown as Inflated));
      } catch (thrown) {
        reject(damaged(compression, data, maxBytes, thrown));
      }
    });
  });
}

/** What follows the end is passed over by zlib, and would be lost without a word. */
function wholeOf(data: Uint8Array, { buffer, engine }: Inflated): Buffer {
  if (engine.bytesWritten < data.length) throw new TrailingBytes();
  return buffer;
}

class TrailingBytes extends Error {
  readonly code = "trailing";
}

function told(
  compression: DataCompression,
  data: Uint8Array,
  maxBytes: number,
  run: () => MaybePromise<Buffer>,
): MaybePromise<Buffer> {
  const fail = (thrown: unknown): never => {
    throw damaged(compression, data, maxBytes, thrown);
  };
  try {
    const inflated = run();
    return isPromise(inflated) ? inflated.catch(fail) : inflated;
  } catch (thrown) {
    return fail(thrown);
  }
}

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ERR_BUFFER_TOO_LARGE";
}

function damaged(
  compression: DataCompression,
  data: Uint8Array,
  maxBytes: number,
  thrown: unknown,
): KinesisConnectorError {
  // No zstd at all is no fault of the record.
  if (hasCode(thrown, "KC_OPTION_INVALID")) return thrown;
  const of = `the record's ${data.length} bytes of ${compression}`;
  if (isTooLarge(thrown))
    return poisonRecord(`${of} become more than ${maxBytes} (maxBytes of compressed())`);
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "Z_BUF_ERROR" || code === "cut") return poisonRecord(`${of} are cut short`);
  return poisonRecord(code === "trailing" ? `${of} are followed by something else` : `${of} are damaged`);
}
