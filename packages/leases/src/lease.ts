import { comparePositions, type Position } from "@kinesis-connectors/core";

/** Positions that a lease row names instead of a sequence number (KCL `SentinelCheckpoint`). */
export type Sentinel = "TRIM_HORIZON" | "LATEST" | "AT_TIMESTAMP" | "SHARD_END";

/** The checkpoint in a lease row: a sentinel, or the position of the last record dealt with. */
export type LeaseCheckpoint = Sentinel | Position;

/** The hash keys of a shard: decimal, both inclusive. */
export interface HashKeyRange {
  readonly startingHashKey: string;
  readonly endingHashKey: string;
}

/** A checkpoint that was prepared and not committed, with the bytes that the application stored beside it. */
export interface PendingCheckpoint {
  readonly checkpoint: LeaseCheckpoint;
  readonly state: Uint8Array | undefined;
}

/** A stream, as leases remember whose progress they hold. */
export interface StreamIdentity {
  readonly streamArn: string;
  /** When the stream was created, in epoch milliseconds: it tells a stream from another one of the same name before. Undefined where unknown. */
  readonly createdMs: number | undefined;
}

/**
 * The lease row of one shard, as Java KCL workers read and write it too. Every change of ownership or progress is one conditional
 * write that raises `counter`; a row holds no times that decide anything.
 */
export interface Lease {
  /** The key of the row: the shard's id. */
  readonly leaseKey: string;
  /** The owner of the shard (`leaseOwner`); undefined when nobody has it. */
  readonly owner: string | undefined;
  /** Raised by 1 with every take, renewal, checkpoint and eviction; never lowered (`leaseCounter`). */
  readonly counter: number;
  /** Owners since the last checkpoint (`ownerSwitchesSinceCheckpoint`). */
  readonly ownerSwitches: number;
  readonly checkpoint: LeaseCheckpoint;
  readonly pending: PendingCheckpoint | undefined;
  readonly parentShardIds: readonly string[];
  readonly childShardIds: readonly string[];
  readonly hashKeyRange: HashKeyRange | undefined;
  /** Set by the leader of a fleet in 3.x mode while the shard moves: the old owner, who holds it until it lets go. `owner` is then the next one. */
  readonly checkpointOwner: string | undefined;
  /** Our attribute `kcStartTimestampMs`: what LATEST or AT_TIMESTAMP means for this shard, in epoch milliseconds. */
  readonly startTimestampMs: number | undefined;
  /** Our attribute `kcReadThroughMs`: the wall-clock time up to which the shard had been read and committed completely. */
  readonly readThroughMs: number | undefined;
  /** Our attribute `kcOwner`: the last owner that spoke our protocol. Another owner's batches were not prepared. */
  readonly protocolOwner: string | undefined;
  /** Our attribute `kcStream`: the stream that the shard belongs to. Undefined in rows that others made, until the first commit. */
  readonly stream?: StreamIdentity | undefined;
  /** Our attribute `kcUntilMs`: the row belongs to an application that reads what arrived before this moment, in epoch milliseconds, and then ends. */
  readonly untilMs?: number | undefined;
  /** Our attribute `kcPausedMs`: since when the shard is to be held and not read, in epoch milliseconds. Undefined: it is read. */
  readonly pausedMs?: number | undefined;
  /** Our attribute `kcPausedBy`: who paused it, as that one named itself. */
  readonly pausedBy?: string | undefined;
  /**
   * Our attribute `kcPauseDoneMs`: since when the owner has stopped reading and writing for it, in epoch milliseconds. It counts beside `pausedMs`
   * only, and until the next take: each owner says it for itself.
   */
  readonly pauseDoneMs?: number | undefined;
  /**
   * What the owner read of the shard lately, in KiB per second (`throughputKBps`, KCL 3.x): a leader balances by it. Undefined in rows of which no owner
   * has said so.
   */
  readonly throughputKBps?: number | undefined;
}

/** The fields of a new lease; the rest starts empty. */
export interface NewLease {
  readonly leaseKey: string;
  readonly checkpoint: LeaseCheckpoint;
  readonly parentShardIds: readonly string[];
  readonly hashKeyRange: HashKeyRange;
  readonly startTimestampMs?: number | undefined;
  readonly stream?: StreamIdentity | undefined;
  readonly untilMs?: number | undefined;
}

/** The row of a lease that nobody has owned yet. */
export function leaseFrom(created: NewLease): Lease {
  return {
    leaseKey: created.leaseKey,
    owner: undefined,
    counter: 0,
    ownerSwitches: 0,
    checkpoint: created.checkpoint,
    pending: undefined,
    parentShardIds: created.parentShardIds,
    childShardIds: [],
    hashKeyRange: created.hashKeyRange,
    checkpointOwner: undefined,
    startTimestampMs: created.startTimestampMs,
    readThroughMs: undefined,
    protocolOwner: undefined,
    ...(created.stream === undefined ? {} : { stream: created.stream }),
    ...(created.untilMs === undefined ? {} : { untilMs: created.untilMs }),
  };
}

/** The owner that may work on the shard now: during a handoff (KCL 3.x) that is the old one. */
export function actualOwner(lease: Lease): string | undefined {
  return lease.checkpointOwner ?? lease.owner;
}

/** Whether the last owner spoke our protocol, so that whatever it had in flight is described in the row. */
export function wasOurs(lease: Lease): boolean {
  if (lease.owner === undefined && lease.protocolOwner === undefined) return lease.counter === 0;
  return lease.protocolOwner !== undefined && (lease.owner ?? lease.protocolOwner) === lease.protocolOwner;
}

const ORDER: Readonly<Record<Sentinel, number>> = {
  AT_TIMESTAMP: -3,
  TRIM_HORIZON: -2,
  LATEST: -1,
  SHARD_END: 1,
};

/** The order of checkpoints: AT_TIMESTAMP, TRIM_HORIZON, LATEST, positions, SHARD_END (KCL `ExtendedSequenceNumber`). */
export function compareCheckpoints(a: LeaseCheckpoint, b: LeaseCheckpoint): number {
  if (typeof a === "object" && typeof b === "object") return comparePositions(a, b);
  return (typeof a === "object" ? 0 : ORDER[a]) - (typeof b === "object" ? 0 : ORDER[b]);
}

/** The checkpoint as text, for logs and errors. */
export function shownCheckpoint(checkpoint: LeaseCheckpoint): string {
  return typeof checkpoint === "string"
    ? checkpoint
    : `${checkpoint.sequenceNumber}.${checkpoint.subSequenceNumber}`;
}
