import { type Body, bodyOf, joined, tight } from "./body.js";
import type { Compression, PieceCompressor } from "./compression.js";
import type { GatherShelf } from "./gather-shelf.js";
import type { SizeEstimate } from "./size-estimate.js";

/** What the objects of a batch share. */
export interface PiecesContext {
  readonly compression: Compression;
  readonly shelf: GatherShelf;
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

/** An object from its first cut on: its pieces go through the compression to the shelf, one after the other, while the batch fills. */
export class ObjectPieces {
  readonly #context: PiecesContext;
  /** Cut, and too little to begin the compression. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #compressor: PieceCompressor | undefined;
  #kept: Body[] = [];
  #lastStep: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;
  /** Bytes before compression that were cut off, and those of them that have become `#doneBytes`. */
  #rawBytes = 0;
  #doneRawBytes = 0;
  #doneBytes = 0;

  constructor(context: PiecesContext) {
    this.#context = context;
  }

  /** What the object will come to with so many more bytes before compression. */
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
    this.#feed(this.#compressor);
  }

  /**
   * Ends the object with its last bytes. Settles with all of it; asked again only when it rejected.
   * @throws what the compression failed with
   */
  async finish(last: Buffer): Promise<Body> {
    await this.#settled();
    const { compression, shelf } = this.#context;
    if (this.#compressor === undefined) {
      const whole = this.#waiting.length === 0 ? last : Buffer.concat([...this.#waiting, last]);
      return bodyOf(tight(await this.#compressWhole(whole)));
    }
    if (compression.pieces === undefined) {
      const pieces = joined([...this.#kept, bodyOf(last)]);
      return shelf.keep(await this.#compressWhole(await pieces.read(0, pieces.length)));
    }
    if (last.length > 0) this.add(last);
    this.#step(async (compressor) => {
      await this.#keep(await compressor.end());
      compressor.close();
    });
    await this.#settled();
    return joined(this.#kept);
  }

  /** The object is given up. */
  close(): void {
    this.#isClosed = true;
    this.#compressor?.close();
    this.#waiting = [];
    this.#kept = [];
  }

  async #settled(): Promise<void> {
    await this.#lastStep;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #feed(compressor: PieceCompressor): void {
    const raws = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const raw of raws)
      this.#step(async () => {
        const bytes = await compressor.add(raw);
        const { compression, held, estimate } = this.#context;
        await this.#keep(bytes);
        held.bytes -= raw.buffer.byteLength;
        if (compression.pieces === undefined) return;
        this.#doneRawBytes += raw.length;
        this.#doneBytes += bytes.length;
        estimate.learn(raw.length, bytes.length);
      });
  }

  /** One after the other, because each piece refers to the one before. */
  #step(step: (compressor: PieceCompressor) => Promise<void>): void {
    const before = this.#lastStep;
    this.#lastStep = (async () => {
      await before;
      if (this.#failure !== undefined || this.#isClosed || this.#compressor === undefined) return;
      try {
        await step(this.#compressor);
      } catch (error) {
        this.#failure = { error };
      }
    })();
  }

  async #keep(bytes: Buffer): Promise<void> {
    if (bytes.length > 0) this.#kept.push(await this.#context.shelf.keep(bytes));
  }

  async #compressWhole(bytes: Buffer): Promise<Buffer> {
    const compressed = await this.#context.compression.compress(bytes);
    this.#context.estimate.learn(bytes.length, compressed.length);
    return compressed;
  }
}
