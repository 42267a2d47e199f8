import type { KinesisRecord } from "@kinesis-connectors/core";
import { type Body, bodyOf, tight } from "../objects/body.js";
import type { RecordFormat } from "../formats/format.js";
import type { BatchObject } from "./encoded-objects.js";
import { ObjectPieces, type PiecesContext } from "./object-pieces.js";
import { ObjectWriter } from "../formats/object-writer.js";
import { PositionsHash } from "../objects/positions-hash.js";

/** One object of the batch that is being filled: outputs are laid one behind the other, and what is full goes to the compression. */
export class OpenObject<Output> {
  readonly partition: string;
  /** Its index among the objects of the batch, by their first kept outputs; undefined before that. */
  index: number | undefined;
  readonly #context: PiecesContext;
  readonly #format: RecordFormat<Output>;
  readonly #writer: ObjectWriter;
  readonly #ids = new PositionsHash();
  #recordCount = 0;
  /** Begun with the first cut: most objects of many partitions never see one. */
  #pieces: ObjectPieces | undefined;
  /** Sum of the sizes that were told of its outputs so far, pending ones included. */
  #toldBytes = 0;
  #heldBytes = 0;

  /** @param expectedBytes what will probably be written before the first cut */
  constructor(
    partition: string,
    format: RecordFormat<Output>,
    context: PiecesContext,
    expectedBytes: number,
  ) {
    this.partition = partition;
    this.#context = context;
    this.#format = format;
    this.#writer = new ObjectWriter(expectedBytes);
    format.begin?.(this.#writer);
    this.#count();
  }

  /** Bytes of the object before compression. */
  get length(): number {
    return this.#writer.length;
  }

  /** Bytes that wait for the next cut. */
  get uncutBytes(): number {
    return this.#writer.uncutBytes;
  }

  /**
   * Appends an output.
   * @throws what the format refuses it with; it leaves nothing behind then
   */
  write(output: Output, record: KinesisRecord): void {
    const start = this.#writer.length;
    try {
      this.#format.write(output, this.#writer, record);
    } catch (error) {
      this.#writer.truncate(start);
      throw error;
    }
    this.#count();
  }

  /** By how many whole bytes the last output has made the object longer, as it will be in the bucket, estimated. */
  growth(): number {
    const { estimate, compression } = this.#context;
    const { uncutBytes } = this.#writer;
    if (estimate.wants(uncutBytes)) estimate.sample(this.#writer.bytes(), compression);
    const bytes = this.#pieces?.estimatedBytes(uncutBytes) ?? uncutBytes * estimate.ratio;
    // What turned out smaller than it was told is made good by the outputs that follow.
    const growth = Math.max(0, Math.floor(bytes) - this.#toldBytes);
    this.#toldBytes += growth;
    return growth;
  }

  /** Takes over the size of an output that was told for the object of the batch before. */
  tell(bytes: number): void {
    this.#toldBytes += bytes;
  }

  /** Takes back what was written past the first `length` bytes, and what was told of it. */
  takeBack(length: number, toldBytes: number): void {
    this.#writer.truncate(length);
    this.#toldBytes -= toldBytes;
  }

  /** Keeps the output of a record that was written. */
  keep(record: KinesisRecord): void {
    this.#ids.add(record);
    this.#recordCount += 1;
  }

  /** Cuts off what there is, for the compression. Not between `write` and `keep`. */
  cut(expectedBytes: number): void {
    this.#context.held.bytes -= this.#heldBytes;
    this.#heldBytes = 0;
    this.#pieces ??= new ObjectPieces(this.#context);
    this.#pieces.add(this.#writer.cut(expectedBytes));
    this.#count();
  }

  /** Ends the object. Nothing is written any more. */
  end(): BatchObject {
    let made: Promise<Body> | undefined;
    const make = async (): Promise<Body> => {
      const last = this.#writer.bytes();
      if (this.#pieces !== undefined) return this.#pieces.finish(last);
      const { compression, estimate } = this.#context;
      const compressed = await compression.compress(last);
      estimate.learn(last.length, compressed.length);
      const body = bodyOf(tight(compressed));
      this.#writer.cut(0);
      return body;
    };
    return {
      partition: this.partition,
      recordCount: this.#recordCount,
      idsSha256: this.#ids.digest(),
      isBegun: this.#pieces !== undefined,
      body: () => {
        made ??= make().catch((error: unknown) => {
          made = undefined;
          throw error;
        });
        return made;
      },
      close: () => this.#pieces?.close(),
    };
  }

  /** It is given up. */
  close(): void {
    this.#pieces?.close();
    this.#context.held.bytes -= this.#heldBytes;
    this.#heldBytes = 0;
  }

  #count(): void {
    const { heldBytes } = this.#writer;
    if (heldBytes === this.#heldBytes) return;
    this.#context.held.bytes += heldBytes - this.#heldBytes;
    this.#heldBytes = heldBytes;
  }
}
