import type { Clock, Random } from "./clock.js";
import type { Logger } from "./logger.js";
import type { KinesisRecord } from "./record.js";

/** The shard that a batch writer writes for, and the clock, randomness and logger that it uses. */
export interface BatchWriterContext {
  readonly application: string;
  readonly stream: string;
  readonly shardId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Takes in the outputs of one shard's batches as they come, in the form in which the destination will write them. Models then die young and pages
 * are let go early, instead of waiting for their batch: that is a good part of what a transformed record costs.
 *
 * The engine calls it from one place, never concurrently: for each record `write` for each of its outputs, then `keep` or `drop`; `drain` at the end of
 * a batch, perhaps between `write` and `keep`.
 */
export interface BatchWriter<Output> {
  /**
   * Encodes an output tentatively, behind what was staged and kept so far. Returns its size in bytes, as `sizeOf` counts it. What it throws makes the
   * record poison, so what the destination will never take has to be refused here.
   *
   * @param partition where `Batching.partitionOf` puts it; undefined without one
   */
  readonly write: (output: Output, record: KinesisRecord, partition: string | undefined) => number;
  /**
   * Writes an output that is the record's own data, as `write(record.data, ...)` does but without making the view: it is read from `record.page` where there is one.
   * Default: the engine calls `write` with the data.
   */
  readonly writeData?: (record: KinesisRecord) => number;
  /** Keeps what was staged since the last `keep` or `drop`: it belongs to the batch that is being filled. */
  readonly keep: () => void;
  /** Takes back what was staged since then. */
  readonly drop: () => void;
  /** Bytes of memory held now, staged and kept: charged to the worker's read-ahead limit after each page. */
  readonly heldBytes: () => number;
  /** Ends the batch with what is kept and begins the next one. What is staged and not kept goes into the next. */
  readonly drain: () => EncodedOutputs;
  /** The shard is let go: gives back memory and files. */
  readonly close: () => void;
}

/** The outputs of one batch, encoded. An emitter's own class: it knows its own by `instanceof`. */
export interface EncodedOutputs {
  /** Number of outputs. */
  readonly count: number;
  /** Called once, when the batch is written or given up: gives back memory and files. */
  readonly discard: () => void;
}
