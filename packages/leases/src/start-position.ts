import { KinesisConnectorError, type StartPosition } from "@kinesis-connectors/core";
import type { Lease, NewLease } from "./lease.js";

/** The position at which shards without a checkpoint begin. */
export type InitialPosition =
  | { readonly type: "trim-horizon" }
  | { readonly type: "latest" }
  | { readonly type: "at-timestamp"; readonly timestampMs: number };

/**
 * The position at which the engine begins a shard whose row holds a sentinel. LATEST means the moment at which the lease was created, kept in the row:
 * otherwise a crash before the first checkpoint would lose what arrived since.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when the row says AT_TIMESTAMP and no timestamp is known
 */
export function startPositionOf(lease: Lease, configured: InitialPosition): StartPosition {
  const { checkpoint, startTimestampMs } = lease;
  if (checkpoint === "LATEST")
    return startTimestampMs === undefined
      ? { type: "latest" }
      : { type: "at-timestamp", timestampMs: startTimestampMs };
  if (checkpoint !== "AT_TIMESTAMP") return { type: "trim-horizon" };
  const timestampMs =
    startTimestampMs ?? (configured.type === "at-timestamp" ? configured.timestampMs : undefined);
  if (timestampMs !== undefined) return { type: "at-timestamp", timestampMs };
  throw new KinesisConnectorError(
    "KC_OPTION_INVALID",
    `initialPosition must be a time: the lease of ${lease.leaseKey} was created with one that its row does not hold`,
  );
}

/**
 * The checkpoint of a new row: where its shard begins.
 *
 * @param nowMs wall-clock time in epoch milliseconds: what LATEST means from now on
 */
export function firstCheckpoint(
  initialPosition: InitialPosition,
  nowMs: number,
): Pick<NewLease, "checkpoint" | "startTimestampMs"> {
  switch (initialPosition.type) {
    case "trim-horizon":
      return { checkpoint: "TRIM_HORIZON" };
    case "latest":
      return { checkpoint: "LATEST", startTimestampMs: Math.floor(nowMs) };
    default:
      return { checkpoint: "AT_TIMESTAMP", startTimestampMs: initialPosition.timestampMs };
  }
}
