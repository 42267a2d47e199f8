/** A compression of objects. */
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
