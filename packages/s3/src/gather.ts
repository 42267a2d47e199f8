import type { Gathering, KinesisRecord } from "@kinesis-connectors/core";
import type { Compression } from "./compression.js";
import type { RecordFormat } from "./format.js";
import type { GatherShelf } from "./gather-shelf.js";
import { GatheredObjects } from "./gathered-objects.js";
import type { PiecesContext } from "./object-pieces.js";
import { OpenObject } from "./open-object.js";
import { PlaceRoutes } from "./place-routes.js";
import type { SizeEstimate } from "./size-estimate.js";

/** What is gathered, and how. */
export interface GatherOptions<Output> {
  readonly format: RecordFormat<Output>;
  readonly compression: Compression;
  /** Made for each batch. */
  readonly createShelf: () => GatherShelf;
  readonly hasSeveral: boolean;
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

/** With pieces of a MiB gzip makes as little of an object as in one go; with 64 KiB it takes half as long again. */
const PIECE_BYTES: PieceBytes = { all: 64 * MiB, most: MiB, least: 64 * KiB };

/** An object among thousands may stay small. */
const SMALL_BYTES = KiB;

/** Beside its bytes, each open object is a writer, a hash and their like. */
const OVERHEAD_BYTES = 2 * KiB;

interface Staged<Output> {
  readonly output: Output;
  readonly record: KinesisRecord;
  readonly object: OpenObject<Output>;
  /** Length of the object before it. */
  readonly start: number;
  readonly bytes: number;
}

/** The batch that is being filled. */
interface FillingObjects<Output> extends PiecesContext {
  readonly byPartition: Map<string, OpenObject<Output>>;
  /** Those with kept outputs, in the order of their first ones. */
  readonly kept: OpenObject<Output>[];
  readonly routes: PlaceRoutes;
  count: number;
  arrivalTimeMs: number;
}

/** Lays outputs into the objects of their partitions as they come, and has these compressed and laid on disk while the batch fills. */
export class ObjectGathering<Output> implements Gathering<Output> {
  readonly #options: GatherOptions<Output>;
  readonly #pieceBytes: PieceBytes;
  #filling: FillingObjects<Output>;
  #staged: Staged<Output>[] = [];

  constructor(options: GatherOptions<Output>) {
    this.#options = options;
    this.#pieceBytes = options.pieceBytes ?? PIECE_BYTES;
    this.#filling = this.#begin();
  }

  readonly stage = (output: Output, record: KinesisRecord, partition: string = ""): number => {
    const object = this.#objectOf(partition);
    const start = object.length;
    object.write(output);
    const bytes = this.#options.countedBytes?.(output, record) ?? object.growth();
    this.#staged.push({ output, record, object, start, bytes });
    return bytes;
  };

  readonly keep = (): void => {
    for (const { record, object } of this.#staged) this.#keep(record, object);
    if (this.#staged.length > 0) this.#staged = [];
  };

  readonly drop = (): void => {
    this.#takeBack();
    this.#staged = [];
  };

  readonly heldBytes = (): number => {
    const { held, shelf, byPartition, routes } = this.#filling;
    return held.bytes + shelf.heldBytes + byPartition.size * OVERHEAD_BYTES + routes.length;
  };

  readonly drain = (): GatheredObjects => {
    this.#takeBack();
    const { kept, count, arrivalTimeMs, routes, shelf } = this.#filling;
    this.#filling = this.#begin();
    const staged = this.#staged;
    this.#staged = [];
    const objects = kept.map((object) => object.end());
    const gathered = new GatheredObjects({ count, arrivalTimeMs, objects, routes: routes.end(), shelf });
    try {
      for (const one of staged) this.#stageAnew(one);
    } catch (error) {
      gathered.discard();
      throw error;
    }
    return gathered;
  };

  readonly close = (): void => {
    this.#staged = [];
    const { byPartition, shelf } = this.#filling;
    for (const object of byPartition.values()) object.close();
    shelf[Symbol.asyncDispose]().catch(() => undefined);
    this.#filling = this.#begin();
  };

  /** Into the batch that has just begun. Written anew and not copied: what a format writes may depend on what stands before it. */
  #stageAnew({ output, record, bytes, object: { partition } }: Staged<Output>): void {
    const object = this.#objectOf(partition);
    const start = object.length;
    object.write(output);
    object.tell(bytes);
    this.#staged.push({ output, record, object, start, bytes });
  }

  #keep(record: KinesisRecord, object: OpenObject<Output>): void {
    const filling = this.#filling;
    if (filling.count === 0) filling.arrivalTimeMs = record.arrivalTimeMs;
    filling.count += 1;
    if (object.index === undefined) {
      object.index = filling.kept.length;
      filling.kept.push(object);
    }
    if (this.#options.hasSeveral) filling.routes.add(object.index);
    object.keep(record);
    const { all, most, least } = this.#pieceBytes;
    const bytes = Math.max(least, Math.min(most, Math.floor(all / filling.kept.length)));
    // A little before the buffer is full: the next record would double it.
    object.cutAt(bytes - (bytes >> 4), bytes);
  }

  /** The outputs that are staged leave their objects. */
  #takeBack(): void {
    for (let nth = this.#staged.length - 1; nth >= 0; nth -= 1) {
      const staged = this.#staged[nth] as Staged<Output>;
      staged.object.takeBack(staged.start, staged.bytes);
    }
  }

  #objectOf(partition: string): OpenObject<Output> {
    const { byPartition } = this.#filling;
    let object = byPartition.get(partition);
    if (object === undefined) {
      const expectedBytes = this.#options.hasSeveral ? SMALL_BYTES : this.#pieceBytes.least;
      object = new OpenObject(partition, this.#options.format, this.#filling, expectedBytes);
      byPartition.set(partition, object);
    }
    return object;
  }

  #begin(): FillingObjects<Output> {
    const { compression, createShelf, estimate } = this.#options;
    return {
      compression,
      estimate,
      shelf: createShelf(),
      held: { bytes: 0 },
      byPartition: new Map(),
      kept: [],
      routes: new PlaceRoutes(),
      count: 0,
      arrivalTimeMs: 0,
    };
  }
}
