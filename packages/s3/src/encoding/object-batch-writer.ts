import type { BatchWriter, KinesisRecord } from "@kinesis-connectors/core";
import type { Compression } from "../compression/compression.js";
import type { RecordFormat } from "../formats/format.js";
import type { WriterSpool } from "./writer-spool.js";
import { EncodedObjects } from "./encoded-objects.js";
import type { ConcurrencyLimit } from "../concurrency.js";
import type { PiecesContext } from "./object-pieces.js";
import { OpenObject } from "./open-object.js";
import { ObjectIndexes } from "../plan/object-indexes.js";
import type { SizeEstimate } from "./size-estimate.js";
import { PendingOutputs } from "./pending-outputs.js";

/** Options of `ObjectBatchWriter`. */
export interface ObjectBatchWriterOptions<Output> {
  readonly format: RecordFormat<Output>;
  readonly compression: Compression;
  /** Made for each batch. */
  readonly createSpool: () => WriterSpool;
  readonly hasSeveral: boolean;
  /** Shared by all shards: pieces are compressed some at a time. */
  readonly limit: ConcurrencyLimit;
  /** Shared by all shards: what the compression makes of the bytes. */
  readonly estimate: SizeEstimate;
  /** The size of an output where sizes are not those of the finished objects. */
  readonly countedBytes: ((output: Output, record: KinesisRecord) => number) | undefined;
  readonly pieceBytes?: PieceBytes;
}

/** How large pieces are. */
export interface PieceBytes {
  /** Of all objects together, before they go to the compression. */
  readonly all: number;
  /** Of one object at most, and at least. */
  readonly most: number;
  readonly least: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** Pieces of a MiB cost gzip as much as the object in one go, and those of 64 KiB a third more; it makes as little of them (measured on JSON lines). */
const PIECE_BYTES: PieceBytes = { all: 64 * MiB, most: MiB, least: 64 * KiB };

/** An object among thousands may stay small; how small shows in the batch before. */
const SMALL_BYTES = KiB;

/** Beside its bytes, each open object is a writer, a hash and their like. */
const OVERHEAD_BYTES = 2 * KiB;

/** The batch that is being filled. */
interface FillingObjects<Output> extends PiecesContext {
  readonly byPartition: Map<string, OpenObject<Output>>;
  /** Those with kept outputs, in the order of their first ones. */
  readonly kept: OpenObject<Output>[];
  readonly indexes: ObjectIndexes;
  count: number;
  arrivalTimeMs: number;
}

/** Lays outputs into the objects of their partitions as they come, and has these compressed and laid on disk while the batch fills. */
export class ObjectBatchWriter<Output> implements BatchWriter<Output> {
  readonly #options: ObjectBatchWriterOptions<Output>;
  readonly #pieceBytes: PieceBytes;
  #filling: FillingObjects<Output>;
  /** Objects that nothing was kept of yet. */
  #fresh: OpenObject<Output>[] = [];
  /** An object that has come to so much goes to the compression. */
  #cutAtBytes = 0;
  /** What an object of several will probably come to before its first cut. */
  #expectedBytes = SMALL_BYTES;
  readonly #pending = new PendingOutputs<Output>();

  constructor(options: ObjectBatchWriterOptions<Output>) {
    this.#options = options;
    this.#pieceBytes = options.pieceBytes ?? PIECE_BYTES;
    this.#filling = this.#begin();
  }

  readonly write = (output: Output, record: KinesisRecord, partition: string = ""): number => {
    const object = this.#objectOf(partition);
    const start = object.length;
    object.write(output, record);
    const bytes = this.#options.countedBytes?.(output, record) ?? object.growth();
    this.#pending.add(output, record, object, start, bytes);
    return bytes;
  };

  readonly writeData = (record: KinesisRecord): number => {
    const { page } = record;
    const data = page === undefined ? record.data : page.subarray(record.dataStart, record.dataEnd);
    // Asked for by the engine only where the outputs are the records' data.
    return this.write(data as Output, record);
  };

  readonly keep = (): void => {
    if (this.#fresh.length > 0) this.#fresh = [];
    const { count, records, objects } = this.#pending;
    for (let nth = 0; nth < count; nth += 1)
      this.#keep(records[nth] as KinesisRecord, objects[nth] as OpenObject<Output>);
    this.#pending.clear();
  };

  readonly drop = (): void => {
    this.#takeBack();
    this.#pending.clear();
  };

  readonly heldBytes = (): number => {
    const { held, spool, byPartition, indexes } = this.#filling;
    return held.bytes + spool.heldBytes + byPartition.size * OVERHEAD_BYTES + indexes.heldBytes;
  };

  readonly drain = (): EncodedObjects => {
    this.#takeBack();
    const { kept, count, arrivalTimeMs, indexes, spool } = this.#filling;
    this.#filling = this.#begin();
    this.#expectedBytes = this.#expectedAfter(kept);
    const objects = kept.map((object) => object.end());
    const encoded = new EncodedObjects({ count, arrivalTimeMs, objects, indexes: indexes.end(), spool });
    try {
      // Written anew and not copied: what a format writes may depend on what stands before it.
      this.#pending.moveTo((partition) => this.#objectOf(partition));
    } catch (error) {
      encoded.discard();
      throw error;
    }
    return encoded;
  };

  readonly close = (): void => {
    this.#pending.clear();
    this.#fresh = [];
    const { byPartition, spool } = this.#filling;
    for (const object of byPartition.values()) object.close();
    spool[Symbol.asyncDispose]().catch(() => undefined);
    this.#filling = this.#begin();
  };

  #keep(record: KinesisRecord, object: OpenObject<Output>): void {
    const filling = this.#filling;
    if (filling.count === 0) filling.arrivalTimeMs = record.arrivalTimeMs;
    filling.count += 1;
    if (object.index === undefined) {
      object.index = filling.kept.length;
      filling.kept.push(object);
      const bytes = this.#bytesOfPiece();
      // A little before its buffer is full: the next record would double it.
      this.#cutAtBytes = bytes - (bytes >> 4);
    }
    if (this.#options.hasSeveral) filling.indexes.add(object.index);
    object.keep(record);
    if (object.uncutBytes >= this.#cutAtBytes) object.cut(this.#bytesOfPiece());
  }

  #bytesOfPiece(): number {
    const { all, most, least } = this.#pieceBytes;
    return Math.max(least, Math.min(most, Math.floor(all / this.#filling.kept.length)));
  }

  /** The outputs that are staged leave their objects, and objects that were begun for them go: a flood of refused records must not leave one for each. */
  #takeBack(): void {
    this.#pending.takeBack();
    for (const object of this.#fresh) {
      this.#filling.byPartition.delete(object.partition);
      object.close();
    }
    this.#fresh = [];
  }

  #objectOf(partition: string): OpenObject<Output> {
    const { byPartition } = this.#filling;
    let object = byPartition.get(partition);
    if (object === undefined) {
      const expectedBytes = this.#options.hasSeveral ? this.#expectedBytes : this.#pieceBytes.least;
      object = new OpenObject(partition, this.#options.format, this.#filling, expectedBytes);
      byPartition.set(partition, object);
      this.#fresh.push(object);
    }
    return object;
  }

  /** A little more than the average object has come to: each time that its buffer must grow, it is copied. */
  #expectedAfter(kept: readonly OpenObject<Output>[]): number {
    let bytes = 0;
    for (const { uncutBytes } of kept) bytes += uncutBytes;
    const average = kept.length === 0 ? 0 : bytes / kept.length;
    return Math.round(Math.min(Math.max(SMALL_BYTES, average + average / 4), this.#pieceBytes.least));
  }

  #begin(): FillingObjects<Output> {
    const { compression, createSpool, estimate, limit } = this.#options;
    return {
      compression,
      estimate,
      spool: createSpool(),
      limit,
      held: { bytes: 0 },
      byPartition: new Map(),
      kept: [],
      indexes: new ObjectIndexes(),
      count: 0,
      arrivalTimeMs: 0,
    };
  }
}
