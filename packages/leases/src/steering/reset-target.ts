import { comparePositions, invalidOption, type Position } from "@kinesis-connectors/core";
import { compareCheckpoints, type Lease, type LeaseCheckpoint } from "../lease.js";

/**
 * Where shards are to begin. `horizon`: the oldest record that the stream keeps. `latest`: what is put from the moment of the plan on. `time`: records
 * that arrived at `at` or later. `position`: what follows this record of the one shard that is named. `rows`: where each shard stood when the rows were
 * kept (`restoreFrom`).
 */
export type ResetTarget =
  | { readonly type: "horizon" | "latest" }
  | { readonly type: "time"; readonly at: Date }
  | { readonly type: "position"; readonly position: Position }
  | { readonly type: "rows"; readonly rows: readonly Lease[] };

/** What a row is to hold. */
export interface ResetValues {
  readonly checkpoint: LeaseCheckpoint;
  readonly startTimestampMs: number | undefined;
  readonly readThroughMs: number | undefined;
}

/** What is known when a target is checked. */
interface TargetContext {
  readonly nowMs: number;
  readonly retentionMs: number | undefined;
  readonly shardIds: readonly string[] | undefined;
}

/**
 * Checks a target before anything is read.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming what is wrong with it
 */
export function checkTarget(to: ResetTarget, { nowMs, retentionMs, shardIds }: TargetContext): void {
  switch (to?.type) {
    case "horizon":
    case "latest":
      return;
    case "time": {
      const atMs = to.at instanceof Date ? to.at.getTime() : Number.NaN;
      if (!Number.isFinite(atMs)) throw invalidOption("to.at must be a Date that is one");
      if (atMs > nowMs)
        throw invalidOption(
          `to.at is ${shown(atMs)}, which is in the future; take "latest" to skip all there is`,
        );
      if (atMs < 0) throw invalidOption(`to.at is ${shown(atMs)}, before there was any stream`);
      if (retentionMs !== undefined && atMs < nowMs - retentionMs)
        throw invalidOption(
          `to.at is ${shown(atMs)}, and the stream keeps its records since ${shown(nowMs - retentionMs)} only; take "horizon" for all that is left`,
        );
      return;
    }
    case "position":
      if (shardIds?.length !== 1)
        throw invalidOption("to.position is a place in one shard: name that one shard in shardIds");
      checkPosition("to.position", to.position);
      return;
    case "rows":
      if (!Array.isArray(to.rows)) throw invalidOption("to.rows must be what restoreFrom returns");
      return;
    default:
      throw invalidOption('to.type must be "horizon", "latest", "time", "position" or "rows"');
  }
}

/** A sequence number of Kinesis has up to 128 digits (API reference, SequenceNumber). */
export const SEQUENCE_NUMBER: RegExp = /^(?:0|[1-9][0-9]{0,128})$/;

function checkPosition(option: string, position: Position): void {
  const { sequenceNumber, subSequenceNumber } = position ?? {};
  if (typeof sequenceNumber !== "string" || !SEQUENCE_NUMBER.test(sequenceNumber))
    throw invalidOption(
      `${option}.sequenceNumber must be a sequence number, decimal digits without leading zeros, as a text`,
    );
  if (!Number.isSafeInteger(subSequenceNumber) || subSequenceNumber < 0)
    throw invalidOption(
      `${option}.subSequenceNumber must be a whole number of at least 0; 0 for a record that is no part of an aggregate`,
    );
}

/**
 * What the row of a shard is to hold; undefined where the target says nothing of it. A time that LATEST once meant stays in the row when it is not
 * needed: shards that turn out to have no lease begin there.
 */
export function valuesFor(row: Lease, to: ResetTarget, nowMs: number): ResetValues | undefined {
  const { startTimestampMs } = row;
  switch (to.type) {
    case "horizon":
      return { checkpoint: "TRIM_HORIZON", startTimestampMs, readThroughMs: undefined };
    case "latest":
      return { checkpoint: "LATEST", startTimestampMs: Math.floor(nowMs), readThroughMs: Math.floor(nowMs) };
    case "time": {
      const atMs = to.at.getTime();
      return { checkpoint: "AT_TIMESTAMP", startTimestampMs: atMs, readThroughMs: atMs };
    }
    case "position": {
      const { sequenceNumber, subSequenceNumber } = to.position;
      return {
        checkpoint: { sequenceNumber, subSequenceNumber },
        startTimestampMs,
        readThroughMs: undefined,
      };
    }
    default: {
      const kept = to.rows.find(({ leaseKey }) => leaseKey === row.leaseKey);
      return (
        kept && {
          checkpoint: kept.checkpoint,
          startTimestampMs: kept.startTimestampMs,
          readThroughMs: kept.readThroughMs,
        }
      );
    }
  }
}

/** Whether a row stands where a reset leads: there is nothing to write then, and its owner may keep it. A prepared batch goes with a write. */
export function isThere(row: Lease, to: ResetValues): boolean {
  if (row.pending !== undefined || compareCheckpoints(row.checkpoint, to.checkpoint) !== 0) return false;
  // Beside a position or the oldest record, a time says nothing of where reading begins.
  const isTimed = row.checkpoint === "LATEST" || row.checkpoint === "AT_TIMESTAMP";
  return !isTimed || row.startTimestampMs === to.startTimestampMs;
}

/** Whether a shard begins later than it stands: what lies between is read by nobody. Undefined where that cannot be told. */
export function skips(from: Lease, to: ResetValues): boolean | undefined {
  if (to.checkpoint === "TRIM_HORIZON") return false;
  if (from.checkpoint === "TRIM_HORIZON") return true;
  if (typeof to.checkpoint === "object")
    return typeof from.checkpoint === "object"
      ? comparePositions(to.checkpoint, from.checkpoint) > 0
      : undefined;
  const fromMs =
    from.readThroughMs ?? (typeof from.checkpoint === "object" ? undefined : from.startTimestampMs);
  if (fromMs === undefined || to.startTimestampMs === undefined)
    return to.checkpoint === "LATEST" ? true : undefined;
  return to.startTimestampMs > fromMs;
}

function shown(ms: number): string {
  return new Date(ms).toISOString();
}
