import type { Batch, BufferEntry, FlushReason } from "../../batch.js";
import type { OpenPartitions } from "../../batching.js";
import { encodedBroken, sizeBroken } from "../../guards/blame.js";
import type { Buffer, Thresholds } from "../../buffer.js";
import type { Emitter } from "../../emitter.js";
import type { BatchWriter } from "../../batch-writer.js";
import { dataBytesOf, type KinesisRecord } from "../../record.js";

/** The outputs of the batch that is being filled, and the thresholds that they are held against. */
export interface Contents<Output> {
  /** Whether what is kept of a record is the record itself. */
  readonly keepsRecords: boolean;
  /** Whether outputs that are a record's own data are taken from the record. */
  readonly takesData: boolean;
  /** Measures the outputs of a record, each once, and gives the sum in bytes. What it throws makes the record poison. */
  stage(record: KinesisRecord, outputs: readonly Output[]): number;
  /** Takes back what was staged last. */
  drop(): void;
  /** Takes in what was staged last. Returns the bytes to charge for it at once. */
  keep(record: KinesisRecord, outputs: readonly Output[], nowMs: number): number;
  /** Whether this much more still fits under the caps. */
  fits(records: number, bytes: number): boolean;
  /** The threshold that has been reached, or undefined. */
  reached(nowMs: number): FlushReason | undefined;
  /** When the age threshold falls due; undefined while nothing is waiting. */
  dueMs(): number | undefined;
  /** Bytes held beside those that `keep` said. */
  heldBytes(): number;
  /** Ends the batch and begins the next one. */
  drain(): Pick<Batch<Output>, "entries" | "encoded" | "bytes">;
  /** The shard is let go. */
  close(): void;
}

/** Outputs that wait as they are, in the pipeline's buffer. */
export class EntryContents<Output> implements Contents<Output> {
  readonly keepsRecords: boolean = true;
  readonly takesData: boolean = false;
  readonly #buffer: Buffer<Output>;
  readonly #emitter: Pick<Emitter<Output, never>, "sizeOf">;
  readonly #partitions: OpenPartitions<Output>;
  /** The sizes of the outputs of one record: one array for all records, because a new one for each would cost more than the sizes. */
  readonly #sizes: number[] = [];
  #sizesSum = 0;

  constructor(
    buffer: Buffer<Output>,
    emitter: Pick<Emitter<Output, never>, "sizeOf">,
    partitions: OpenPartitions<Output>,
  ) {
    this.#buffer = buffer;
    this.#emitter = emitter;
    this.#partitions = partitions;
  }

  stage(record: KinesisRecord, outputs: readonly Output[]): number {
    let bytes = 0;
    for (let index = 0; index < outputs.length; index += 1) {
      const size = this.#emitter.sizeOf?.(outputs[index] as Output, record) ?? dataBytesOf(record);
      if (!isSize(size)) throw sizeBroken(size);
      this.#sizes[index] = size;
      bytes += size;
    }
    this.#sizesSum = bytes;
    return bytes;
  }

  drop(): void {
    // The sizes of the next record take their place.
  }

  keep(record: KinesisRecord, outputs: readonly Output[], nowMs: number): number {
    for (let index = 0; index < outputs.length; index += 1) {
      const size = this.#sizes[index] as number;
      const entry = { output: outputs[index] as Output, record, bytes: size };
      const partition = this.#partitions.add(index, size);
      this.#buffer.add(partition === undefined ? entry : { ...entry, partition }, nowMs);
    }
    return Math.max(this.#sizesSum, dataBytesOf(record));
  }

  fits(records: number, bytes: number): boolean {
    return this.#buffer.fits(records, bytes);
  }

  reached(nowMs: number): FlushReason | undefined {
    return this.#buffer.shouldFlush(nowMs);
  }

  dueMs(): number | undefined {
    return this.#buffer.dueMs();
  }

  heldBytes(): number {
    return 0;
  }

  drain(): { readonly entries: readonly BufferEntry<Output>[]; readonly bytes: number } {
    const entries = this.#buffer.drain();
    let bytes = 0;
    for (const entry of entries) bytes += entry.bytes;
    return { entries, bytes };
  }

  close(): void {
    // Everything is in memory, and goes with it.
  }
}

/** Outputs that the emitter takes in as they come. */
export class EncodedContents<Output> implements Contents<Output> {
  readonly keepsRecords: boolean = false;
  readonly takesData: boolean;
  readonly #writer: BatchWriter<Output>;
  readonly #thresholds: Thresholds;
  readonly #partitions: OpenPartitions<Output>;
  readonly #sizes: number[] = [];
  #kept = 0;
  #bytes = 0;

  /** @param passesData whether all outputs are the data of their records, and nobody else wants to see them */
  constructor(
    writer: BatchWriter<Output>,
    thresholds: Thresholds,
    partitions: OpenPartitions<Output>,
    passesData: boolean,
  ) {
    this.takesData = passesData && writer.writeData !== undefined;
    this.#writer = writer;
    this.#thresholds = thresholds;
    this.#partitions = partitions;
  }

  stage(record: KinesisRecord, outputs: readonly Output[]): number {
    let bytes = 0;
    for (let index = 0; index < outputs.length; index += 1) {
      const size = this.takesData
        ? (this.#writer.writeData?.(record) ?? 0)
        : this.#writer.write(outputs[index] as Output, record, this.#partitions.nameAt(index));
      if (!isSize(size)) throw sizeBroken(size);
      this.#sizes[index] = size;
      bytes += size;
    }
    return bytes;
  }

  drop(): void {
    this.#writer.drop();
  }

  keep(_record: KinesisRecord, outputs: readonly Output[], nowMs: number): number {
    let bytes = 0;
    for (let index = 0; index < outputs.length; index += 1) {
      const size = this.#sizes[index] as number;
      this.#partitions.add(index, size);
      bytes += size;
    }
    this.#writer.keep();
    this.#kept += outputs.length;
    this.#thresholds.add(outputs.length, bytes, nowMs);
    this.#bytes += bytes;
    return 0;
  }

  fits(records: number, bytes: number): boolean {
    return this.#thresholds.fits(records, bytes);
  }

  reached(nowMs: number): FlushReason | undefined {
    return this.#thresholds.reached(nowMs);
  }

  dueMs(): number | undefined {
    return this.#thresholds.dueMs();
  }

  heldBytes(): number {
    return this.#writer.heldBytes();
  }

  drain(): Pick<Batch<Output>, "entries" | "encoded" | "bytes"> {
    const bytes = this.#bytes;
    const encoded = this.#writer.drain();
    // What could not be drained stays counted, so that no later batch passes without it.
    if (encoded?.count !== this.#kept) throw encodedBroken(this.#kept, encoded?.count);
    this.#bytes = 0;
    this.#kept = 0;
    this.#thresholds.clear();
    return { entries: [], encoded, bytes };
  }

  close(): void {
    this.#writer.close();
  }
}

/** Sizes are added up: one that is no number would make the sum none, and the bounds of memory with it. */
function isSize(size: number): boolean {
  return Number.isFinite(size) && size >= 0;
}
