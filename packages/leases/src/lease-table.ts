import type {
  HashKeyRange,
  Lease,
  LeaseCheckpoint,
  NewLease,
  PendingCheckpoint,
  StreamIdentity,
} from "./lease.js";
import type { FleetTable } from "./fleet/fleet-table.js";

/**
 * A change of a lease row. Each raises the counter by 1 and applies only if counter and owner are still what the writer saw last. The last two are those
 * of the leader of a fleet in the KCL's 3.x mode, and of an owner that it has told to let go.
 * - `take`: the row becomes `owner`'s; a handoff that was under way ends, and that a pause was done is forgotten. `startTimestampMs` makes a LATEST
 *   concrete that was not.
 * - `renew`: nothing but the counter; `readThroughMs` and `throughputKBps` ride along, and that a pause is done (`pauseDoneMs`).
 * - `prepare`: stores a batch before its first write; the checkpoint stays.
 * - `commit`: moves the checkpoint, removes what was prepared, forgets the owner switches; `readThroughMs` rides along.
 * - `evict`: the row becomes nobody's.
 * - `reset`: the shard begins at another place, and the row becomes nobody's: an owner that did not know is fenced. What was prepared is forgotten;
 *   `startTimestampMs` and `readThroughMs` are what is given, and gone where nothing is. Whether the shard is paused stays as it is.
 * - `hand-off`: names the next owner; the present one keeps the shard until it lets go. Leaves the counter as it is and does not look at it, but applies
 *   only if no other handoff is under way.
 * - `assign`: the row becomes `owner`'s, a handoff ends, and that a pause was done is forgotten. Applies only if a handoff that was under way still is the same.
 */
export type LeaseChange =
  | { readonly type: "take"; readonly owner: string; readonly startTimestampMs?: number | undefined }
  | {
      readonly type: "renew";
      readonly readThroughMs?: number | undefined;
      readonly pauseDoneMs?: number | undefined;
      readonly throughputKBps?: number | undefined;
    }
  | { readonly type: "prepare"; readonly pending: PendingCheckpoint }
  | {
      readonly type: "commit";
      readonly checkpoint: LeaseCheckpoint;
      readonly childShardIds?: readonly string[] | undefined;
      /** Written into a row that does not say yet whose progress it holds. */
      readonly stream?: StreamIdentity | undefined;
      readonly readThroughMs?: number | undefined;
    }
  | { readonly type: "evict" }
  | {
      readonly type: "reset";
      readonly checkpoint: LeaseCheckpoint;
      readonly startTimestampMs?: number | undefined;
      readonly readThroughMs?: number | undefined;
    }
  | { readonly type: "hand-off"; readonly owner: string }
  | { readonly type: "assign"; readonly owner: string };

/**
 * The outcome of a conditional write, as far as it is known.
 * - `applied`: the row has changed.
 * - `refused`: the condition did not hold. After a retry inside the client this may be our own first try that was applied: read back.
 * - `throttled`: the table did not take the request; it certainly did not apply.
 * - `unknown`: no answer (time-out, reset, 5xx): it may apply now or a little later. Read back.
 */
export type WriteOutcome =
  | { readonly type: "applied" }
  | { readonly type: "refused" }
  | { readonly type: "throttled"; readonly cause: Error }
  | { readonly type: "unknown"; readonly cause: Error };

/** Facts about a shard that are not progress: written without touching counter or owner. What is left out stays, and null takes it away. */
export interface LeaseFacts {
  readonly childShardIds?: readonly string[];
  readonly hashKeyRange?: HashKeyRange;
  readonly pausedMs?: number | null;
  readonly pausedBy?: string | null;
  readonly pauseDoneMs?: number | null;
}

/**
 * A store of leases. One row per shard; rows that are no leases are tolerated, never returned and never written. Functions other
 * than `update` retry throttling and transient failures inside; they reject with `KC_LEASE_TABLE` when no waiting mends it, and
 * with the original error when retries were used up.
 */
export interface LeaseTable {
  /** Makes the table usable, creating it when it is missing. Resolves with whether it was created by this call. */
  readonly open: (signal?: AbortSignal) => Promise<{ readonly created: boolean }>;
  /** All leases. May be a little behind the latest writes. */
  readonly list: () => Promise<readonly Lease[]>;
  /** One lease, with every write before the call visible; undefined when there is no such row, or it is no lease. */
  readonly get: (leaseKey: string) => Promise<Lease | undefined>;
  /** Creates the row unless one of that key exists; resolves with whether it did. */
  readonly create: (lease: NewLease) => Promise<boolean>;
  /** Changes a row if its counter and owner are those of `seen`. Rejects only with `KC_LEASE_TABLE`. */
  readonly update: (seen: Lease, change: LeaseChange) => Promise<WriteOutcome>;
  /** Writes facts about the shard; resolves with false when the row does not exist. */
  readonly describe: (leaseKey: string, facts: LeaseFacts) => Promise<boolean>;
  readonly remove: (leaseKey: string) => Promise<void>;
  /**
   * The `cv` of the row `Migration3.0`: which algorithms the KCL workers of the fleet use (KCL 3.x `ClientVersion`). Undefined when
   * there is none, which means those of KCL 2.x.
   */
  readonly fleetMode: () => Promise<string | undefined>;
  /** The rows of a fleet in the KCL's 3.x mode. Left out by stores that KCL workers do not share: their workers stay with the algorithms of 2.x. */
  readonly fleet?: FleetTable | undefined;
  readonly close?: () => void;
}

/** The row after a change, for tables that keep rows in memory and for owners that know their write was applied. */
export function changed(lease: Lease, change: LeaseChange): Lease {
  const counter = lease.counter + 1;
  switch (change.type) {
    case "take":
      return {
        ...movedTo(lease, change.owner),
        protocolOwner: change.owner,
        startTimestampMs: change.startTimestampMs ?? lease.startTimestampMs,
      };
    case "assign":
      return movedTo(lease, change.owner);
    case "hand-off":
      return { ...lease, owner: change.owner, checkpointOwner: lease.owner };
    case "renew":
      return {
        ...lease,
        counter,
        readThroughMs: change.readThroughMs ?? lease.readThroughMs,
        ...(change.throughputKBps === undefined ? {} : { throughputKBps: change.throughputKBps }),
        ...(change.pauseDoneMs === undefined ? {} : { pauseDoneMs: change.pauseDoneMs }),
      };
    case "prepare":
      return { ...lease, counter, pending: change.pending };
    case "commit":
      return {
        ...lease,
        counter,
        checkpoint: change.checkpoint,
        pending: undefined,
        ownerSwitches: 0,
        childShardIds: change.childShardIds ?? lease.childShardIds,
        readThroughMs: change.readThroughMs ?? lease.readThroughMs,
        ...(change.stream === undefined ? {} : { stream: change.stream }),
      };
    case "evict":
      return { ...lease, counter, owner: undefined, checkpointOwner: undefined };
    default:
      change satisfies { readonly type: "reset" };
      return {
        ...lease,
        counter,
        owner: undefined,
        checkpointOwner: undefined,
        ownerSwitches: 0,
        checkpoint: change.checkpoint,
        pending: undefined,
        startTimestampMs: change.startTimestampMs,
        readThroughMs: change.readThroughMs,
      };
  }
}

/** The row with facts written into it, for tables that keep rows in memory. */
export function described(lease: Lease, facts: LeaseFacts): Lease {
  const { childShardIds = lease.childShardIds, hashKeyRange = lease.hashKeyRange } = facts;
  const { pausedMs = lease.pausedMs, pausedBy = lease.pausedBy, pauseDoneMs = lease.pauseDoneMs } = facts;
  return withPause(
    { ...lease, childShardIds, hashKeyRange },
    {
      pausedMs: pausedMs ?? undefined,
      pausedBy: pausedBy ?? undefined,
      pauseDoneMs: pauseDoneMs ?? undefined,
    },
  );
}

type Pause = Pick<Lease, "pausedMs" | "pausedBy" | "pauseDoneMs">;

/** The row with this pause and no other; what is undefined is absent, as in a row that never had it. */
function withPause(lease: Lease, pause: Pause): Lease {
  const { pausedMs: _since, pausedBy: _by, pauseDoneMs: _done, ...rest } = lease;
  return {
    ...rest,
    ...(pause.pausedMs === undefined ? {} : { pausedMs: pause.pausedMs }),
    ...(pause.pausedBy === undefined ? {} : { pausedBy: pause.pausedBy }),
    ...(pause.pauseDoneMs === undefined ? {} : { pauseDoneMs: pause.pauseDoneMs }),
  };
}

function movedTo(lease: Lease, owner: string): Lease {
  const moved = {
    ...lease,
    counter: lease.counter + 1,
    owner,
    checkpointOwner: undefined,
    ownerSwitches: lease.ownerSwitches + (isSwitch(lease, owner) ? 1 : 0),
  };
  // That a pause is done each owner says for itself.
  return withPause(moved, { pausedMs: lease.pausedMs, pausedBy: lease.pausedBy });
}

/** Whether a row that becomes `owner`'s counts an owner more since its checkpoint (KCL `getDynamoTakeLeaseUpdate`). */
export function isSwitch(lease: Lease, owner: string): boolean {
  return (lease.owner !== undefined && lease.owner !== owner) || lease.checkpointOwner === owner;
}

/** Whether a row still is what the writer of a change has seen, as far as that change asks: for tables that look at it themselves. */
export function isAsSeen(row: Lease, seen: Lease, change: LeaseChange): boolean {
  if (row.owner !== seen.owner) return false;
  if (change.type === "hand-off") return row.owner !== undefined && row.checkpointOwner === undefined;
  if (change.type === "assign" && row.checkpointOwner !== seen.checkpointOwner) return false;
  return row.counter === seen.counter;
}
