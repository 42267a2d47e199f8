import type { Position } from "@kinesis-connectors/core";
import type { LeaseTableLooks } from "./worker/table-watch.js";

/** A batch on its way to its destination. */
export interface BatchSnapshot {
  readonly batchId: string;
  /** Outputs that are not written yet, as far as is known. */
  readonly records: number;
  /** When it went on its way, in epoch milliseconds. */
  readonly sinceMs: number;
  /** Tries that failed so far: from the first on the destination is in doubt. */
  readonly failedAttempts: number;
  /** Code or name of what the last of them failed with. */
  readonly lastError: string | undefined;
}

/** The state of one shard, counted since this process began to work on it. A shard that was given back or lost is not listed any more. */
export interface ShardSnapshot {
  readonly shardId: string;
  /**
   * `reading`: owned by this worker and read. `waiting-for-parent`: owned, and not begun until its parents are read to their end. `paused`: owned,
   * and an operator wants it not to be read. `ended`: read to its end; listed for ten minutes, or until its row is deleted.
   */
  readonly state: "reading" | "waiting-for-parent" | "paused" | "ended";
  /** Since when it is in this state, in epoch milliseconds. */
  readonly sinceMs: number;
  /** Since when it is paused, in epoch milliseconds. */
  readonly pausedSinceMs: number | undefined;
  readonly recordsRead: number;
  readonly bytesRead: number;
  /** Outputs, records and dead letters of committed batches. */
  readonly recordsEmitted: number;
  readonly recordsFiltered: number;
  readonly deadLetters: number;
  /** User records of aggregates that belong to another shard and were left out; their producer puts them again. */
  readonly recordsOfOtherShards: number;
  /** Distance of the reading from the tip of the shard, as the service said last. */
  readonly millisBehindLatest: number | undefined;
  /** Records in the buffer after the last page, dead letters among them, and the bytes that they keep in memory. */
  readonly bufferedRecords: number;
  readonly bufferedBytes: number;
  /** The batch that is on its way to the destination; undefined between two batches. */
  readonly batchUnderWay: BatchSnapshot | undefined;
  /** The last commit of this process; undefined before the first. */
  readonly checkpoint: Position | undefined;
  /** Everything that arrived in the shard until then has been read and committed, in epoch milliseconds; undefined where unknown. */
  readonly readThroughMs: number | undefined;
  /** Until the stream drops records of the shard that are not committed yet, in milliseconds; undefined while it is not read. */
  readonly retentionLeftMs: number | undefined;
  /** When this process committed last, and when its last page came, in epoch milliseconds. */
  readonly lastCommitMs: number | undefined;
  readonly lastPageMs: number | undefined;
  /** Since when every read fails, in epoch milliseconds; undefined while reading works. */
  readonly failingSinceMs: number | undefined;
}

/** What a connector has done since it was started. None of it ever goes down. */
export interface ConnectorTotals {
  readonly recordsRead: number;
  readonly bytesRead: number;
  readonly recordsEmitted: number;
  readonly recordsFiltered: number;
  readonly deadLetters: number;
  /** User records of aggregates that belong to another shard and were left out, as the KCL does; their producer puts them again. */
  readonly recordsOfOtherShards: number;
  /** Bytes of outputs in committed batches, as their sizes were counted. */
  readonly bytesEmitted: number;
  readonly batchesEmitted: number;
  readonly commits: number;
}

/** How well leases are kept. */
export interface LeaseRenewals {
  /** Writes since the start that did nothing but renew. A commit renews too, and is not counted. */
  readonly count: number;
  /** The longest time since a write that is known to have been applied, over all leases held now, in milliseconds; 0 when none is held. */
  readonly longestUnrenewedMs: number;
}

/** The state of a connector. */
export interface ConnectorProgress {
  readonly application: string;
  readonly stream: string;
  /** Names this start of this process in the lease table. */
  readonly ownerId: string;
  /** When the connector was started, in epoch milliseconds. */
  readonly startedMs: number;
  /** Whether the table is open, the destinations are, and the leases have been looked at once: from then on shards may be owned, or none is left for this worker. */
  readonly firstLookDone: boolean;
  /**
   * What the last look at the lease table showed: workers that renew a lease, this one among them, and leases that nobody owns or renews. Undefined before the first look,
   * and in a fleet in which a leader assigns the leases (KCL 3.x mode).
   */
  readonly fleet: { readonly workers: number; readonly availableLeases: number } | undefined;
  /** Whether this worker audits the leases; in 3.x mode, whether it assigns them too. */
  readonly isLeader: boolean;
  /** The mode of a fleet with KCL 3.x workers, as their row says it (`cv`); undefined without one. */
  readonly fleetMode: string | undefined;
  /**
   * This worker's part in the fleet. `peer`: all take what falls to them (2.x). `follower`: a leader assigns (3.x), and this worker reports to it.
   * `passenger`: a leader assigns, and this worker takes no part, by option (`leases.mode`) or for want of rights.
   */
  readonly fleetRole: "peer" | "follower" | "passenger";
  /** The same as in `totals`. */
  readonly recordsRead: number;
  readonly recordsEmitted: number;
  readonly recordsFiltered: number;
  readonly deadLetters: number;
  /** Counted since the start, over all shards, also over those that are not listed any more. */
  readonly totals: ConnectorTotals;
  /** Of the shards being read, the one furthest behind. */
  readonly millisBehindLatest: number | undefined;
  /** Batches on their way to the destination, at most one for each shard; and how many of them have failed and are tried again. */
  readonly batchesUnderWay: number;
  readonly batchesRetrying: number;
  /** Bytes between reading and committing, and the limit of them (option `maxReadAheadBytes`); with threads those of all, as they told last. */
  readonly readAheadBytes: number;
  readonly maxReadAheadBytes: number;
  readonly leaseRenewals: LeaseRenewals;
  /** Whether the lease table answers, which is known without any lease too. */
  readonly leaseTable: LeaseTableLooks;
  /** A lease that is not renewed for so long is lost, in milliseconds (option `leases.failoverTimeMs`). */
  readonly failoverTimeMs: number;
  /** How long the stream keeps its records, as it said last, in milliseconds; undefined while it was not asked. */
  readonly retentionMs: number | undefined;
  /**
   * False while reading, emitting or the taking of shards fails (throttled, no network, no credentials, destination down): nothing is lost, and nothing
   * moves. Also while there are `unattendedShards`, and while `leaseTable` is silent.
   */
  readonly isReady: boolean;
  /**
   * Shards whose lease nobody renews although a leader should have assigned it (KCL 3.x mode): they are not read by anybody. This worker takes
   * them once that leader has had its time.
   */
  readonly unattendedShards: number;
  readonly shards: readonly ShardSnapshot[];
}
