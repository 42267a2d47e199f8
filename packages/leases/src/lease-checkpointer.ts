import {
  type Checkpointer,
  comparePositions,
  KinesisConnectorError,
  type Logger,
  type Position,
  type PreparedBatch,
} from "@kinesis-connectors/core";
import { type LeaseCheckpoint, shownCheckpoint } from "./lease.js";
import type { HeldLease } from "./held-lease.js";
import { otherVersionOf, pendingStateOf, preparedBatchOf } from "./pending-state.js";

/**
 * Core's checkpointer on a lease that this process holds. It has no way to name another row than the lease's, moves the checkpoint
 * forward only, never past SHARD_END, and never over a batch that was prepared and is not the one being committed.
 */
export function leaseCheckpointer(held: HeldLease, logger: Logger): Checkpointer {
  return {
    load: async () => {
      const { checkpoint, pending } = await held.reload();
      requireOpen(held.shardId, checkpoint);
      const position = typeof checkpoint === "string" ? undefined : checkpoint;
      if (pending?.state === undefined) return { checkpoint: position, pending: undefined };
      const batch = preparedBatchOf(pending.state);
      const version = otherVersionOf(pending.state);
      // What it prepared may have landed: passed over, it would land again under other names.
      if (version !== undefined)
        throw new KinesisConnectorError(
          "KC_REPLAY_DIFFERS",
          `shard ${held.shardId} holds a batch that another release of these packages prepared (version ${version} of its state, and this one knows 1): run that ` +
            "release until the batch is committed, and this one after",
        );
      const fits =
        batch !== undefined &&
        typeof pending.checkpoint !== "string" &&
        comparePositions(batch.last, pending.checkpoint) === 0;
      if (!fits)
        logger.warn(
          { shardId: held.shardId, pendingCheckpoint: shownCheckpoint(pending.checkpoint) },
          "the row holds a pending checkpoint of another application; it is passed over, and the shard is read from its checkpoint",
        );
      return { checkpoint: position, pending: fits ? batch : undefined };
    },

    prepare: async (batch) => {
      const { checkpoint } = held.lease;
      requireForward(held.shardId, checkpoint, batch.last);
      const before = ownPending(held);
      if (before !== undefined && !sameRange(before, batch))
        throw new KinesisConnectorError(
          "KC_REPLAY_DIFFERS",
          `shard ${held.shardId} holds the prepared batch ${before.batchId}, which must be committed before ${batch.batchId} is prepared`,
        );
      await held.write({
        type: "prepare",
        pending: { checkpoint: batch.last, state: pendingStateOf(batch) },
      });
    },

    commit: async (position) => {
      const { checkpoint, pending } = held.lease;
      requireForward(held.shardId, checkpoint, position);
      const before = ownPending(held);
      if (before !== undefined && comparePositions(before.last, position) !== 0)
        throw new KinesisConnectorError(
          "KC_REPLAY_DIFFERS",
          `shard ${held.shardId} holds the prepared batch ${before.batchId}; only its end can be committed, not ${shownCheckpoint(position)}`,
        );
      const isThere = typeof checkpoint !== "string" && comparePositions(checkpoint, position) === 0;
      if (isThere && pending === undefined) return;
      await held.write({ type: "commit", checkpoint: { ...plain(position) } });
    },

    requireHeld: () => held.requireHeld(),
  };
}

/** The batch of ours that the row holds as prepared. */
export function ownPending(held: HeldLease): PreparedBatch | undefined {
  const state = held.lease.pending?.state;
  return state === undefined ? undefined : preparedBatchOf(state);
}

/** Callers may pass a whole record as its position; only the position is kept. */
function plain(position: Position): Position {
  return { sequenceNumber: position.sequenceNumber, subSequenceNumber: position.subSequenceNumber };
}

function sameRange(a: PreparedBatch, b: PreparedBatch): boolean {
  return comparePositions(a.first, b.first) === 0 && comparePositions(a.last, b.last) === 0;
}

function requireOpen(shardId: string, checkpoint: LeaseCheckpoint): void {
  if (checkpoint === "SHARD_END") throw refused(shardId, "the shard has been read to its end");
}

function requireForward(shardId: string, checkpoint: LeaseCheckpoint, position: Position): void {
  requireOpen(shardId, checkpoint);
  if (typeof checkpoint !== "string" && comparePositions(position, checkpoint) < 0)
    throw refused(
      shardId,
      `the checkpoint is ${shownCheckpoint(checkpoint)} and never goes back to ${shownCheckpoint(position)}`,
    );
}

function refused(shardId: string, reason: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `a checkpoint of shard ${shardId} is refused: ${reason}; start the shard anew to go on from its row`,
  );
}
