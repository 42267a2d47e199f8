import { promisify } from "node:util";
import { gzip as gzipCallback } from "node:zlib";
import { wholeNumber } from "@kinesis-connectors/core";

/** How the finished bytes of an object are made smaller. */
export interface Compression {
  /** Follows the format's extension, with its dot; empty for none. */
  readonly extension: string;
  /** The object's `Content-Encoding`; undefined for none. */
  readonly contentEncoding: string | undefined;
  readonly compress: (bytes: Buffer) => Promise<Buffer>;
}

const gzipAsync = promisify(gzipCallback);

/**
 * gzip, computed by Node's thread pool and never on the event loop. One member, no time stamp, so equal bytes stay equal.
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
    compress: (bytes) => gzipAsync(bytes, { level, chunkSize: chunkBytes(bytes) }),
  };
}

/** As large as the result may be, within limits: each chunk is allocated whole. */
function chunkBytes(bytes: Buffer): number {
  return Math.min(Math.max(bytes.length, 1024), 256 * 1024);
}

/** Bytes as the format wrote them. */
export function none(): Compression {
  return { extension: "", contentEncoding: undefined, compress: (bytes) => Promise.resolve(bytes) };
}
