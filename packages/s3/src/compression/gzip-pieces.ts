import { promisify } from "node:util";
import { constants, crc32, deflateRaw } from "node:zlib";
import type { PieceCompressor } from "./compression.js";

/** How far back deflate refers (RFC 1951 §2). */
export const DICTIONARY_BYTES: number = 32 * 1024;

/** Start of a gzip member: deflate, no name, no time, unknown system (RFC 1952 §2.3). */
const HEADER: Buffer = Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff]);
/** The last block of a deflate stream, with nothing in it: fixed codes, end of block (RFC 1951 §3.2.3 and §3.2.6). */
const LAST_BLOCK: Buffer = Buffer.from([0x03, 0x00]);

const deflateRawAsync = promisify(deflateRaw);

/**
 * Begins one gzip member that is made piece by piece, each deflated by itself in the thread pool: it knows the 32 KiB before it and ends at a whole byte
 * (a sync flush), so the pieces laid one behind the other are one stream of deflate, as `pigz` makes it. Between two pieces nothing but those 32 KiB is held,
 * where a stream of zlib would keep a quarter of a MiB for each object.
 */
export function beginGzip(level: number): PieceCompressor {
  let dictionary: Buffer = Buffer.alloc(0);
  let isBegun = false;
  let checksum = 0;
  let length = 0;
  return {
    add: (bytes) => {
      const options = {
        level,
        // One trip between the pool and the event loop, where half of the bytes are enough.
        chunkSize: Math.max(bytes.length >> 1, 1024),
        finishFlush: constants.Z_SYNC_FLUSH,
        ...(dictionary.length === 0 ? {} : { dictionary }),
      };
      const isFirst = !isBegun;
      isBegun = true;
      dictionary = endOf(dictionary, bytes);
      checksum = crc32(bytes, checksum);
      length += bytes.length;
      return deflateRawAsync(bytes, options).then((deflated) =>
        isFirst ? Buffer.concat([HEADER, deflated]) : deflated,
      );
    },
    end: () => {
      const trailer = Buffer.alloc(8);
      trailer.writeUInt32LE(checksum);
      // Modulo 2^32.
      trailer.writeUInt32LE(length >>> 0, 4);
      return Promise.resolve(Buffer.concat(isBegun ? [LAST_BLOCK, trailer] : [HEADER, LAST_BLOCK, trailer]));
    },
    close: () => {
      dictionary = Buffer.alloc(0);
    },
  };
}

/** The last 32 KiB of what has been added, in a buffer of its own: a view would keep the whole piece. */
function endOf(before: Buffer, bytes: Buffer): Buffer {
  if (bytes.length >= DICTIONARY_BYTES) return Buffer.from(bytes.subarray(-DICTIONARY_BYTES));
  return Buffer.concat([before, bytes]).subarray(-DICTIONARY_BYTES);
}
