import { type Body, bodyOf, joined, tight } from "../objects/body.js";
import type { Compression, PieceCompressor } from "../compression/compression.js";
import type { WriterSpool } from "./writer-spool.js";
import type { ConcurrencyLimit } from "../concurrency.js";
import type { SizeEstimate } from "./size-estimate.js";

/** The context that the objects of a batch share. */
export interface PiecesContext {
  readonly compression: Compression;
  readonly spool: WriterSpool;
  /** Pieces are begun in their order, some at a time. */
  readonly limit: ConcurrencyLimit;
  /** Bytes of memory that wait for the compression or are with it. */
  readonly held: { bytes: number };
  /** Learns what becomes of each piece. */
  readonly estimate: SizeEstimate;
}

/** From so many bytes on an object's own pieces say better than all objects before how much the compression makes of it. */
const OWN_RATIO_BYTES = 64 * 1024;

/** For compressions that take whole objects: the pieces stay as they are until the object is finished. */
const UNCOMPRESSED: PieceCompressor = {
  add: (bytes) => Promise.resolve(bytes),
  end: () => Promise.resolve(Buffer.alloc(0)),
  close: () => undefined,
};

/** An object from its first cut on: its pieces go through the compression to the spool while the batch fills. */
export class ObjectPieces {
  readonly #context: PiecesContext;
  /** Cut, and too little to begin the compression. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #compressor: PieceCompressor | undefined;
  /** What became of each piece; undefined while it is under way, and where nothing is to be written of it. */
  #kept: (Body | undefined)[] = [];
  #running: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;
  #isLetGo = false;
  /** Bytes before compression that were cut off, and those of them that have become `#doneBytes`. */
  #rawBytes = 0;
  #doneRawBytes = 0;
  #doneBytes = 0;

  constructor(context: PiecesContext) {
    this.#context = context;
  }

  /** The size of the object with so many more bytes before compression, in bytes, estimated. */
  estimatedBytes(moreRawBytes: number): number {
    const isOwn = this.#doneRawBytes >= OWN_RATIO_BYTES;
    const ratio = isOwn ? this.#doneBytes / this.#doneRawBytes : this.#context.estimate.ratio;
    return this.#doneBytes + (this.#rawBytes - this.#doneRawBytes + moreRawBytes) * ratio;
  }

  /** Takes over bytes that nobody changes any more. Never throws: what goes wrong is told by `finish`. */
  add(raw: Buffer): void {
    const { compression, held } = this.#context;
    held.bytes += raw.buffer.byteLength;
    this.#rawBytes += raw.length;
    this.#waiting.push(raw);
    this.#waitingBytes += raw.length;
    if (this.#compressor === undefined) {
      const { pieces } = compression;
      if (pieces !== undefined && this.#waitingBytes < pieces.heldBytes) return;
      held.bytes += pieces?.heldBytes ?? 0;
      this.#compressor = pieces?.begin() ?? UNCOMPRESSED;
    }
    for (const one of this.#waiting) this.#compress(one, this.#compressor);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /**
   * Ends the object with its last bytes. Settles with all of it; asked again only when it rejected.
   * @throws what the compression failed with; where it failed in the middle of the object, whenever it is asked
   */
  async finish(last: Buffer): Promise<Body> {
    const { compression, spool } = this.#context;
    const compressor = this.#compressor;
    if (this.#failure !== undefined) throw this.#failure.error;
    if (compressor === undefined) {
      const whole = this.#waiting.length === 0 ? last : Buffer.concat([...this.#waiting, last]);
      return bodyOf(tight(await this.#compressWhole(whole)));
    }
    if (compression.pieces === undefined) {
      await this.#settled();
      const pieces = joined([...this.#keptBodies(), bodyOf(last)]);
      return spool.keep(await this.#compressWhole(await pieces.read(0, pieces.length)));
    }
    if (last.length > 0) this.#compress(last, compressor);
    await this.#settled();
    try {
      const end = await compressor.end();
      if (end.length > 0) this.#kept.push(await spool.keep(end));
    } catch (error) {
      // It is not known what the compressor has made of the last piece by now: once more could be twice.
      this.#failure = { error };
      throw error;
    }
    this.#letGo();
    return joined(this.#keptBodies());
  }

  /** The object is given up. */
  close(): void {
    this.#isClosed = true;
    this.#letGo();
    this.#waiting = [];
    this.#kept = [];
  }

  /** Of the compressor, once. */
  #letGo(): void {
    if (this.#isLetGo) return;
    this.#isLetGo = true;
    this.#compressor?.close();
  }

  #compress(raw: Buffer, compressor: PieceCompressor): void {
    const { compression, spool, limit, held, estimate } = this.#context;
    const nth = this.#kept.push(undefined) - 1;
    const done = limit.run(async () => {
      if (this.#failure !== undefined || this.#isClosed) return;
      try {
        const bytes = await compressor.add(raw);
        if (bytes.length > 0) this.#kept[nth] = await spool.keep(bytes);
        held.bytes -= raw.buffer.byteLength;
        if (compression.pieces === undefined) return;
        this.#doneRawBytes += raw.length;
        this.#doneBytes += bytes.length;
        estimate.learn(raw.length, bytes.length);
      } catch (error) {
        this.#failure ??= { error };
      }
    });
    this.#running.push(done);
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#running);
    this.#running = [];
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #keptBodies(): readonly Body[] {
    return this.#kept.filter((body) => body !== undefined);
  }

  async #compressWhole(bytes: Buffer): Promise<Buffer> {
    const compressed = await this.#context.compression.compress(bytes);
    this.#context.estimate.learn(bytes.length, compressed.length);
    return compressed;
  }
}
