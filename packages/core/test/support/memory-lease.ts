import {
  type Checkpointer,
  comparePositions,
  KinesisConnectorError,
  type Position,
  type PreparedBatch,
  type ShardProgress,
} from "../../src/index.js";
import { type Gate, openGate } from "./gate.js";

/** One write of the lease row, as it was applied. */
export type LeaseWrite =
  | { readonly type: "prepare"; readonly owner: number; readonly batch: PreparedBatch }
  | { readonly type: "commit"; readonly owner: number; readonly checkpoint: Position };

/**
 * The lease row of one shard in memory. Each owner takes it and gets a checkpointer; taking it again fences the one before. Every write
 * is held against the invariants: a pending batch starts after the checkpoint (I5), the checkpoint never goes back (I6), and what was
 * inherited is committed with the boundaries it was prepared with (I7).
 */
export class MemoryLease {
  readonly #gate: Gate;
  #progress: ShardProgress = { checkpoint: undefined, pending: undefined };
  #owner = 0;
  /** All writes that were applied, in order. */
  readonly writes: LeaseWrite[] = [];
  /** Broken invariants. A test that ends with one has failed, whoever caught the error. */
  readonly violations: string[] = [];

  constructor(gate: Gate = openGate) {
    this.#gate = gate;
  }

  get progress(): ShardProgress {
    return this.#progress;
  }

  get prepared(): readonly PreparedBatch[] {
    return this.writes.flatMap((write) => (write.type === "prepare" ? [write.batch] : []));
  }

  get committed(): readonly Position[] {
    return this.writes.flatMap((write) => (write.type === "commit" ? [write.checkpoint] : []));
  }

  /** Puts the row into a state that an owner before the test left behind. */
  restore(progress: ShardProgress): void {
    this.#progress = progress;
  }

  /** A new owner takes the shard, perhaps through a gate of its own: the checkpointers given out before are refused from now on. */
  take(gate: Gate = this.#gate): Checkpointer {
    this.#owner += 1;
    const owner = this.#owner;
    const write = async (operation: "prepare" | "commit", apply: () => void): Promise<void> => {
      await gate(operation, "before");
      this.#requireOwner(owner);
      apply();
      await gate(operation, "after");
    };
    return {
      load: async () => {
        await gate("load", "before");
        this.#requireOwner(owner);
        return this.#progress;
      },
      prepare: (batch) => write("prepare", () => this.#prepare(owner, batch)),
      commit: (checkpoint) => write("commit", () => this.#commit(owner, checkpoint)),
    };
  }

  #requireOwner(owner: number): void {
    if (owner !== this.#owner)
      throw new KinesisConnectorError("KC_LEASE_LOST", `the shard belongs to owner ${this.#owner} now`);
  }

  #prepare(owner: number, batch: PreparedBatch): void {
    const { checkpoint, pending } = this.#progress;
    // The row holds text: what does not survive JSON would not come back.
    const stored = JSON.parse(JSON.stringify(batch)) as PreparedBatch;
    if (checkpoint !== undefined && comparePositions(batch.first, checkpoint) <= 0)
      this.#violate("I5", `the batch ${batch.batchId} begins before the checkpoint`);
    if (comparePositions(batch.first, batch.last) > 0)
      this.#violate("I5", `the batch ${batch.batchId} ends before it begins`);
    if (
      pending !== undefined &&
      (pending.batchId !== batch.batchId || pending.recordCount !== batch.recordCount)
    )
      this.#violate("I7", `the batch ${batch.batchId} replaces ${pending.batchId}, which was not committed`);
    this.#progress = { checkpoint, pending: stored };
    this.writes.push({ type: "prepare", owner, batch: stored });
  }

  #commit(owner: number, checkpoint: Position): void {
    const { checkpoint: before, pending } = this.#progress;
    if (before !== undefined && comparePositions(checkpoint, before) < 0)
      this.#violate("I6", "the checkpoint goes back");
    if (pending !== undefined && comparePositions(checkpoint, pending.last) !== 0)
      this.#violate("I7", `the batch ${pending.batchId} is committed with another end`);
    this.#progress = { checkpoint, pending: undefined };
    this.writes.push({ type: "commit", owner, checkpoint });
  }

  #violate(invariant: string, what: string): void {
    this.violations.push(`${invariant}: ${what}`);
    throw new Error(`${invariant}: ${what}`);
  }
}
