import {
  type Checkpointer,
  comparePositions,
  KinesisConnectorError,
  type Position,
  type PreparedBatch,
  type ShardProgress,
} from "@kinesis-connectors/core";

/** The lease row of one shard, in memory. */
export interface MemoryCheckpointer extends Checkpointer {
  /** The content of the row now. */
  readonly progress: () => ShardProgress;
  /** All batches that were prepared, in order; a batch whose plan was amended stands here again. */
  readonly prepared: readonly PreparedBatch[];
  /** All checkpoints that were committed, in order. */
  readonly checkpoints: readonly Position[];
  /** The shard belongs to somebody else from now on: everything rejects with `KC_LEASE_LOST`. */
  readonly loseLease: () => void;
}

/**
 * Makes a checkpointer that keeps its row in memory. What is stored goes through JSON, as through a real row, and a checkpoint that goes
 * back is an error.
 *
 * @param progress what an earlier owner left behind; default nothing
 */
export function memoryCheckpointer(
  progress: ShardProgress = { checkpoint: undefined, pending: undefined },
): MemoryCheckpointer {
  const prepared: PreparedBatch[] = [];
  const checkpoints: Position[] = [];
  let row = progress;
  let isOwner = true;

  const asOwner = async <Value>(apply: () => Value): Promise<Value> => {
    // A real row answers later than at once.
    await Promise.resolve();
    if (!isOwner) throw new KinesisConnectorError("KC_LEASE_LOST", "the shard belongs to somebody else now");
    return apply();
  };

  return {
    load: () => asOwner(() => row),
    prepare: (batch) =>
      asOwner(() => {
        const pending = JSON.parse(JSON.stringify(batch)) as PreparedBatch;
        if (row.pending !== undefined && row.pending.batchId !== pending.batchId)
          throw new Error(`the batch ${row.pending.batchId} was prepared and never committed`);
        prepared.push(pending);
        row = { ...row, pending };
      }),
    commit: (checkpoint) =>
      asOwner(() => {
        if (row.checkpoint !== undefined && comparePositions(checkpoint, row.checkpoint) < 0)
          throw new Error("the checkpoint goes back");
        checkpoints.push(checkpoint);
        row = { checkpoint, pending: undefined };
      }),
    progress: () => row,
    prepared,
    checkpoints,
    loseLease: () => {
      isOwner = false;
    },
  };
}
