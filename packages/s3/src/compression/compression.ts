import { promisify } from "node:util";
import { deflateRawSync, gzip as gzipCallback } from "node:zlib";
import { wholeNumber } from "@kinesis-connectors/core";
import { beginGzip, DICTIONARY_BYTES } from "./gzip-pieces.js";

/** How the bytes of an object are made smaller. */
export interface Compression {
  /** Follows the format's extension, with its dot; empty for none. */
  readonly extension: string;
  /** The object's `Content-Encoding`; undefined for none. */
  readonly contentEncoding: string | undefined;
  /** Compresses a whole object. */
  readonly compress: (bytes: Buffer) => Promise<Buffer>;
  /**
   * Compresses an object piece by piece while its batch fills: it then takes less memory, and its size is known before it is written. Default: objects are
   * compressed whole when their batch is flushed.
   */
  readonly pieces?: PieceCompression;
  /**
   * How many bytes become of a sample of an object. Asked once, at once, so that the first object comes out in the size that is aimed at; undefined when
   * that cannot be told without waiting. Default: sizes are learned from what has been compressed.
   */
  readonly sampleBytes?: (sample: Buffer) => number | undefined;
}

/** Compresses objects in pieces. */
export interface PieceCompression {
  /** Bytes of memory that an object under way takes. Objects with less than that to compress are compressed whole. */
  readonly heldBytes: number;
  readonly begin: () => PieceCompressor;
}

/** One object on its way through a compression. What it makes of the pieces, laid one behind the other in their order, is the object. */
export interface PieceCompressor {
  /**
   * Compresses what comes next. Settles with what there is to write by then, which may be nothing. The bytes stay unchanged until it does. Called in the
   * order of the pieces, some of them before those before have settled: the thread pool has something to do while the event loop is busy.
   */
  readonly add: (bytes: Buffer) => Promise<Buffer>;
  /** Ends the object, after its last piece has settled. Settles with the rest of what there is to write. */
  readonly end: () => Promise<Buffer>;
  /** The object was ended, or is given up in the middle: gives back memory. Called once. */
  readonly close: () => void;
}

const gzipAsync = promisify(gzipCallback);

/** Bytes of a gzip member around its deflated ones (RFC 1952 §2.3). */
const GZIP_FRAME_BYTES = 18;

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
    compress: (bytes) => gzipAsync(bytes, { level, chunkSize: chunkBytes(bytes) }),
    pieces: { heldBytes: DICTIONARY_BYTES, begin: () => beginGzip(level) },
    sampleBytes: (sample) => deflateRawSync(sample, { level }).length + GZIP_FRAME_BYTES,
  };
}

/** As large as the result may be, within limits: each chunk is allocated whole. */
function chunkBytes(bytes: Buffer): number {
  return Math.min(Math.max(bytes.length, 1024), 256 * 1024);
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Bytes as the format wrote them. */
export function none(): Compression {
  const asTheyAre: PieceCompressor = {
    add: (bytes) => Promise.resolve(bytes),
    end: () => Promise.resolve(NOTHING),
    close: () => undefined,
  };
  return {
    extension: "",
    contentEncoding: undefined,
    compress: (bytes) => Promise.resolve(bytes),
    pieces: { heldBytes: 0, begin: () => asTheyAre },
    sampleBytes: (sample) => sample.length,
  };
}
