import type { Json } from "./emitter.js";
import type { MaybePromise } from "./maybe-promise.js";
import type { Position } from "./record.js";

/** A batch whose boundaries and plan have been stored before its first write. */
export interface PreparedBatch {
  readonly v: 1;
  readonly batchId: string;
  readonly first: Position;
  readonly last: Position;
  /** Records read for the batch, kept or dropped. */
  readonly recordCount: number;
  /** Those of them that were dropped. */
  readonly filtered: number;
  /** Those of them that are dead letters. */
  readonly deadLettered: number;
  /** The emitter's plan; absent for emitters without one. */
  readonly plan?: Json;
  /** The dead-letter emitter's plan; absent when the batch has no dead letters, or their emitter has no plan. */
  readonly deadLetterPlan?: Json;
  /** The outcome of each record read, run-length coded (`outcomes.ts`); present when the batch has dead letters or several objects. */
  readonly routes?: string;
}

/** Progress of a shard: its checkpoint, and the batch that is prepared and not committed. */
export interface ShardProgress {
  /** The last record that has been dealt with; undefined when none has. */
  readonly checkpoint: Position | undefined;
  /** A batch that an earlier owner prepared and did not commit. It is finished before anything else is read. */
  readonly pending: PreparedBatch | undefined;
}

/**
 * Stores how far a shard has come: one row per shard, each write conditional on still owning it. A write whose outcome is unknown is
 * read back before it counts. Every function rejects with `KC_LEASE_LOST` once the shard belongs to somebody else; other failures
 * are retried inside.
 */
export interface Checkpointer {
  readonly load: () => Promise<ShardProgress>;
  /** Stores a batch before its first write; calling again amends the plan of the same range. */
  readonly prepare: (batch: PreparedBatch) => Promise<void>;
  /** Moves the checkpoint and removes what was prepared. */
  readonly commit: (checkpoint: Position) => Promise<void>;
  /**
   * Looks whether the shard may still be owned, by the clock alone; called before each try to write to a destination. A process that was stopped for
   * longer than its lease lasts goes on in the middle of its work, before any timer of it has fired: what it writes then, its next owner writes as well.
   * Throws, or rejects, with `KC_LEASE_LOST`. Default: not looked at.
   */
  readonly requireHeld?: () => MaybePromise<void>;
}
