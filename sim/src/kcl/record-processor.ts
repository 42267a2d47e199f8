import type { Entry } from "../checks/ledger.js";
import type { HeldByKcl } from "./held-leases.js";

/** What a consumer hands to its application: the entries of an answer that were not handed over before. */
export interface EntryPage {
  readonly entries: readonly Entry[];
  /** Index of the last entry of the shard that was read, handed over or not. */
  readonly last: number;
  readonly millisBehindLatest: number;
}

/** The lease of a shard, as its application may use it. */
export interface ProcessedShard {
  readonly held: HeldByKcl;
  readonly entries: readonly Entry[];
  readonly isHeld: () => boolean;
  /** Stores a checkpoint; false where the lease is not this worker's any more. Rejects where the table does not take it. */
  readonly checkpoint: (at: Entry) => Promise<boolean>;
}

/** The application of a KCL worker, for one shard: `ShardRecordProcessor`. */
export interface RecordProcessor {
  /** Index of the last entry that was dealt with: reading goes on behind it. */
  readonly delivered: number;
  readonly processRecords: (page: EntryPage) => Promise<void>;
  readonly initialize?: () => Promise<void>;
  /** `storeEnd` checkpoints SHARD_END; false where the lease is not this worker's any more. Resolves with whether it was stored. Default: it is stored. */
  readonly shardEnded?: (storeEnd: () => Promise<boolean>) => Promise<boolean>;
  readonly shutdownRequested: () => Promise<void>;
  readonly leaseLost?: () => Promise<void>;
}
