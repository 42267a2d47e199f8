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
 * A writer of one shard's batches: encodes outputs as they come, in the form in which the destination will store them. Models then die young and
 * pages are let go early, instead of waiting for their batch: that is a good part of what a transformed record costs.
 *
 * The engine calls it from one place, never concurrently: for each record `write` for each of its outputs, then `keep` or `drop`; `drain` at the end of
 * a batch, perhaps between `write` and `keep`.
 */
export interface BatchWriter<Output> {
  /**
   * Encodes an output behind everything written so far, tentatively: `keep` or `drop` follows. Returns its size in bytes, as `sizeOf` counts it.
   *
   * @param partition the output's partition, as `Batching.partitionOf` names it; undefined without one
   * @throws for an output that the destination will never take: its record is poison then
   */
  readonly write: (output: Output, record: KinesisRecord, partition: string | undefined) => number;
  /**
   * Writes an output that is the record's own data, as `write(record.data, ...)` does but without making the view: it is read from `record.page` where there is one.
   * Default: the engine calls `write` with the data.
   */
  readonly writeData?: (record: KinesisRecord) => number;
  /** Keeps what was written since the last `keep` or `drop`: it belongs to the batch that is being filled. */
  readonly keep: () => void;
  /** Takes back what was written since the last `keep` or `drop`. */
  readonly drop: () => void;
  /** Bytes of memory held now, kept or not: charged to the worker's read-ahead limit after each page. */
  readonly heldBytes: () => number;
  /** Ends the batch with what is kept and begins the next one. Outputs that are written and neither kept nor dropped go into the next. */
  readonly drain: () => EncodedOutputs;
  /** Gives back memory and files: the shard is let go. */
  readonly close: () => void;
}

/** The outputs of one batch, encoded. An emitter's own class: it knows its own by `instanceof`. */
export interface EncodedOutputs {
  /** Number of outputs. */
  readonly count: number;
  /** Called once, when the batch is written or given up: gives back memory and files. */
  readonly discard: () => void;
}
