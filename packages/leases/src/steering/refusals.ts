import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { Lease } from "../lease.js";

/**
 * Why a shard is left as it is. `foreign-owner`: a worker that does not speak our protocol has it (a KCL worker; one of KCL 3.x while the shard
 * moves), and knows no pause. `not-paused`: its owner lives and reads it. `pause-under-way`: its owner has not said yet that it has stopped.
 * `pending-batch`: a batch was prepared and not committed. `ended`: it has been read to its end, which is final. `missing`: there is no row of it.
 * `changed`: the row is not as the plan saw it. `other-stream`: the rows to go back to are of another stream, whose positions mean nothing here.
 */
export type RefusalCode =
  | "foreign-owner"
  | "not-paused"
  | "pause-under-way"
  | "pending-batch"
  | "ended"
  | "missing"
  | "changed"
  | "other-stream";

/** Why a shard is left as it is, and what to do about it. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly reason: string;
  readonly cure: string;
}

/** A refusal of one shard. */
export interface RefusedShard {
  readonly shardId: string;
  readonly refusal: Refusal;
}

/** Whether a worker that does not speak our protocol may have the shard: then nobody obeys what stands in the row. */
export function hasForeignOwner({ owner, protocolOwner, checkpointOwner }: Lease): boolean {
  return owner !== undefined && (owner !== protocolOwner || checkpointOwner !== undefined);
}

/** Whether nothing of the shard runs: its owner has said so, or it has none. */
export function isPauseDone({ owner, pausedMs, pauseDoneMs }: Lease): boolean {
  return pausedMs !== undefined && (pauseDoneMs !== undefined || owner === undefined);
}

export function foreignOwner({ owner = "nobody", checkpointOwner }: Lease): Refusal {
  if (checkpointOwner !== undefined)
    return {
      code: "foreign-owner",
      reason: `it is on its way from ${checkpointOwner} to ${owner}, and what that one is cannot be told`,
      cure: "wait until it has arrived",
    };
  return {
    code: "foreign-owner",
    reason: `it is owned by ${owner}, which writes no kcOwner: a KCL worker, which knows no pause`,
    cure: "stop the KCL workers and let a worker of this library take the shard",
  };
}

export function ended(): Refusal {
  return {
    code: "ended",
    reason: "it has been read to its end, which is final: its children begin only after that",
    cure: "replay it under another application to read it again",
  };
}

export function missingRow(): Refusal {
  return {
    code: "missing",
    reason: "the table has no row of it: it was read to its end and cleaned up, or never begun",
    cure: "leave it out",
  };
}

/** The streams of two rows, where both say theirs and it is not the same one. */
export function otherStream({ stream: here }: Lease, { stream: kept }: Lease): Refusal | undefined {
  if (here === undefined || kept === undefined) return undefined;
  const isSame =
    here.streamArn === kept.streamArn &&
    (here.createdMs === undefined || kept.createdMs === undefined || here.createdMs === kept.createdMs);
  if (isSame) return undefined;
  const what =
    here.streamArn === kept.streamArn
      ? "an earlier stream of this name, which was deleted since"
      : `the stream ${kept.streamArn}, and this one is of ${here.streamArn}`;
  return {
    code: "other-stream",
    reason: `the row to go back to is of ${what}: its positions mean nothing here`,
    cure: "take a copy of this application's rows, or reset to a time",
  };
}

export function changedSince(what: string): Refusal {
  return {
    code: "changed",
    reason: `its row is not as the plan saw it: ${what}`,
    cure: "make a new plan and look at it",
  };
}

/**
 * Why the row must not be reset; undefined where it may.
 *
 * @param isSilent whether two looks have shown that nobody renews it
 */
export function resetRefusal(
  row: Lease,
  { isSilent, discardPending }: { readonly isSilent: boolean; readonly discardPending: boolean },
): Refusal | undefined {
  if (row.checkpoint === "SHARD_END") return ended();
  if (hasForeignOwner(row)) return foreignOwner(row);
  if (!isSilent && !isPauseDone(row)) return stillRead(row);
  if (row.pending === undefined || discardPending) return undefined;
  return {
    code: "pending-batch",
    reason:
      "a batch of it was prepared and not committed: it may be at the destination already, whole or in part",
    cure:
      "resume the shard until the batch is committed, and pause it again; or discard the batch (discardPending): what there is of it at the destination " +
      "stays, and its records are written again in other batches, which do not know of it",
  };
}

function stillRead({ owner = "nobody", pausedMs }: Lease): Refusal {
  return pausedMs === undefined
    ? {
        code: "not-paused",
        reason:
          owner === "nobody"
            ? "nobody owns it yet, and it is not paused"
            : `it is owned by ${owner} and not paused`,
        cure: "pause it first",
      }
    : {
        code: "pause-under-way",
        reason: `it is paused, and ${owner} has not said yet that it has stopped`,
        cure: "wait until the pause is done",
      };
}

/** The error of a whole that was refused because of some. */
export function refusedError(what: string, refused: readonly RefusedShard[]): KinesisConnectorError {
  const [first] = refused;
  const others = refused.length > 1 ? ` (and ${refused.length - 1} more)` : "";
  const why =
    first === undefined ? "" : `: ${first.shardId}${others}: ${first.refusal.reason}; ${first.refusal.cure}`;
  return new KinesisConnectorError(
    "KC_STEERING_REFUSED",
    `${what} was refused, and nothing was changed${why}`,
  );
}
