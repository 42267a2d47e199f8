import { promisify } from "node:util";
import { deflateRawSync, gzip as gzipCallback, gzipSync } from "node:zlib";
import { wholeNumber } from "@kinesis-connectors/core";
import type { Compression } from "./compression.js";
import { beginGzip, DICTIONARY_BYTES } from "./gzip-pieces.js";

const gzipAsync = promisify(gzipCallback);

/** Bytes of a gzip member around its deflated ones (RFC 1952 §2.3). */
const GZIP_FRAME_BYTES = 18;

/**
 * Objects up to so many bytes are compressed on the event loop: half a millisecond at most. In the thread pool each would take a quarter of a MiB of its own, a
 * multiple of the work of compressing it (2 KiB: 30 us against 160, 32 KiB: 350 against 520, measured at level 1 with sixteen at a time).
 */
const SMALL_BYTES = 32 * 1024;

/**
 * gzip, computed by Node's thread pool and never on the event loop. One member, no time stamp, so equal bytes stay equal as long as they are cut alike.
 *
 * @param level 1 (fast) to 9 (small). Default 1: on JSON lines it is more than twice as fast as 6 for a tenth more bytes.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function gzip(level: number = 1): Compression {
  wholeNumber("gzip level", level, { min: 1, max: 9 });
  return {
    extension: ".gz",
    contentEncoding: "gzip",
    // Larger chunks than Node's 16 KiB: fewer trips between the pool and the event loop.
    compress: (bytes) => {
      const options = { level, chunkSize: chunkBytes(bytes) };
      return bytes.length <= SMALL_BYTES
        ? Promise.resolve(gzipSync(bytes, options))
        : gzipAsync(bytes, options);
    },
    pieces: { heldBytes: DICTIONARY_BYTES, begin: () => beginGzip(level) },
    sampleBytes: (sample) => deflateRawSync(sample, { level }).length + GZIP_FRAME_BYTES,
  };
}

/** As large as the result may be, within limits: each chunk is allocated whole. */
function chunkBytes(bytes: Buffer): number {
  return Math.min(Math.max(bytes.length, 1024), 256 * 1024);
}
