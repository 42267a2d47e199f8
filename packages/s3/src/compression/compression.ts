/**
 * Objects up to so many bytes are compressed on the event loop, half a millisecond at most, where the level allows that. In the thread pool each would wait
 * beside others, with memory of its own that is touched for the first time: several times the work of compressing it (2 KiB: 38 us against 100 by gzip and 27
 * against 460 by zstd, 32 KiB: 490 against 580 and 190 against 860, sixteen at a time).
 */
export const AT_ONCE_BYTES: number = 32 * 1024;

/** A compression of objects. */
export interface Compression {
  /** The extension after the format's own, with its dot; empty for none. */
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
   * The size of a sample of an object after compression, in bytes. Asked once, at once, so that the first object comes out in the size that is aimed at; undefined when
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

/** One object on its way through a compression. Its compressed pieces, one behind the other in their order, are the object. */
export interface PieceCompressor {
  /**
   * Compresses the next piece. Settles with the compressed bytes that there are by then, perhaps none. The piece stays unchanged until it does. Called in the
   * order of the pieces, some of them before those before have settled: the thread pool has something to do while the event loop is busy.
   */
  readonly add: (bytes: Buffer) => Promise<Buffer>;
  /** Ends the object, after its last piece has settled. Settles with the rest of the compressed bytes. */
  readonly end: () => Promise<Buffer>;
  /** Gives back memory: the object was ended, or is given up in the middle. Called once. */
  readonly close: () => void;
}
