/** Whether whoever asks may change something: by its token; or why not. */
export type ConsoleAccess = "allowed" | "read-only" | "not-offered";

/** Why the lease table shows nothing, or nothing new. */
export interface ConsoleTrouble {
  readonly kind: "no-rights" | "throttled" | "no-table" | "not-configured" | "unreachable";
  /** The right that is missing, such as `dynamodb:Scan`; null where it is none. */
  readonly action: string | null;
  /** One sentence, with the cure. */
  readonly message: string;
}

/** One shard, as its row in the lease table tells it. Moments are epoch milliseconds; null where nothing is known. */
export interface ConsoleShard {
  readonly shardId: string;
  readonly state: "reading" | "handoff" | "unowned" | "waiting" | "pausing" | "paused" | "ended";
  readonly owner: string | null;
  readonly ownerKind: "ours" | "kcl" | null;
  readonly nextOwner: string | null;
  readonly readThroughMs: number | null;
  readonly deliveredAgoMs: number | null;
  readonly checkpoint: string;
  readonly subSequenceNumber: number;
  readonly pending: { readonly records: number | null } | null;
  readonly parents: readonly string[];
  readonly children: readonly string[];
  readonly paused: { readonly sinceMs: number; readonly by: string | null; readonly isDone: boolean } | null;
  readonly ownerSwitches: number;
  /** Decimal, both inclusive. */
  readonly hashKeyRange: { readonly startingHashKey: string; readonly endingHashKey: string } | null;
}

/** An owner of leases. */
export interface ConsoleWorker {
  readonly owner: string;
  readonly kind: "ours" | "kcl";
  readonly shards: number;
  /** How long ago a renewal of it was seen; null where none was seen yet. */
  readonly renewedAgoMs: number | null;
  /** False: none was seen for longer than the failover time. Null: not watched for long enough to say. */
  readonly isRenewing: boolean | null;
}

/** A fleet by its lease table alone. */
export interface ConsoleFleet {
  readonly leaseTable: string;
  readonly stream: string | null;
  /** `cv` of the row `Migration3.0`; null for the algorithms of KCL 2.x. */
  readonly fleetMode: string | null;
  readonly failoverTimeMs: number;
  /** When the look began. */
  readonly lookedMs: number;
  readonly shards: readonly ConsoleShard[];
  readonly workers: readonly ConsoleWorker[];
}

/** The state of a process, as its admin server tells it: `/api/v1/status` and `/api/v1/shards` in one. */
export interface ConsoleSnapshot {
  readonly state: "running" | "stopped" | "failed";
  readonly health: {
    readonly status: "ok" | "degraded" | "failing";
    readonly reasons: readonly {
      readonly rule: string;
      readonly status: "ok" | "degraded" | "failing";
      readonly shardId?: string | undefined;
      readonly value: number | string;
      readonly limit: number | string;
      readonly cure: string;
    }[];
  };
  readonly application: string;
  readonly stream: string;
  readonly ownerId: string;
  readonly startedMs: number;
  readonly isLeader: boolean;
  readonly fleetMode?: string | undefined;
  readonly fleetRole: "peer" | "follower" | "passenger";
  readonly failoverTimeMs: number;
  readonly retentionMs?: number | undefined;
  readonly totals: {
    readonly recordsRead: number;
    readonly recordsEmitted: number;
    readonly recordsFiltered: number;
    readonly deadLetters: number;
    readonly bytesRead: number;
    readonly batchesEmitted: number;
    readonly commits: number;
  };
  readonly readAheadBytes: number;
  readonly maxReadAheadBytes: number;
  readonly leaseRenewals: { readonly count: number; readonly longestUnrenewedMs: number };
  readonly shards: readonly {
    readonly shardId: string;
    readonly state: "reading" | "waiting-for-parent" | "paused" | "ended";
    readonly recordsRead: number;
    readonly recordsEmitted: number;
    readonly recordsFiltered: number;
    readonly deadLetters: number;
    readonly millisBehindLatest?: number | undefined;
    readonly bufferedRecords: number;
    readonly bufferedBytes: number;
    readonly batchUnderWay?:
      | {
          readonly batchId: string;
          readonly records: number;
          readonly sinceMs: number;
          readonly failedAttempts: number;
          readonly lastError?: string | undefined;
        }
      | undefined;
    readonly readThroughMs?: number | undefined;
    readonly retentionLeftMs?: number | undefined;
    readonly lastCommitMs?: number | undefined;
    readonly pausedSinceMs?: number | undefined;
    readonly failingSinceMs?: number | undefined;
    readonly checkpoint?: { readonly sequenceNumber: string; readonly subSequenceNumber: number } | undefined;
  }[];
}

/** What went wrong in a process last: codes and positions, no texts. */
export interface ConsoleError {
  readonly type: string;
  readonly code: string;
  readonly cause?: string | undefined;
  readonly shardId?: string | undefined;
  readonly batchId?: string | undefined;
  readonly operation?: string | undefined;
  readonly attempt?: number | undefined;
  readonly position?: { readonly sequenceNumber: string; readonly subSequenceNumber: number } | undefined;
  readonly requestId?: string | undefined;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** A running process that tells more than the lease table. */
export interface ConsoleProcess {
  /** Where it is asked; null for the one that serves this console. */
  readonly url: string | null;
  /** Why it does not answer, in a sentence; null where it does. */
  readonly problem: string | null;
  readonly snapshot: ConsoleSnapshot | null;
  readonly errors: readonly ConsoleError[];
  /** The configuration without what looks like a secret; null where it shows none. */
  readonly config: unknown;
}

/** All that the console draws, as `GET /api/v1/connectors/NAME/console` answers it. */
export interface ConsoleState {
  readonly nowMs: number;
  readonly application: string;
  readonly access: ConsoleAccess;
  readonly fleet: ConsoleFleet | null;
  readonly trouble: ConsoleTrouble | null;
  readonly processes: readonly ConsoleProcess[];
}

/** The answer to a reset: its plan, and whether it was carried out. */
export interface ConsoleReset {
  readonly executed: boolean;
  /** The file with the rows as they were, on the machine of the server; absent where none is kept. */
  readonly backupFile?: string | undefined;
  readonly plan: {
    readonly isRefused: boolean;
    readonly warnings: readonly string[];
    readonly shards: readonly {
      readonly shardId: string;
      readonly owner: string | null;
      readonly from: string | { readonly sequenceNumber: string; readonly subSequenceNumber: number };
      readonly to: {
        readonly checkpoint: string | { readonly sequenceNumber: string; readonly subSequenceNumber: number };
        readonly startTimestampMs?: number | undefined;
      };
      readonly backMs?: number | undefined;
      /** Whether it stands there already, and is left alone. */
      readonly isThere?: boolean | undefined;
      readonly refusal?:
        | { readonly code: string; readonly reason: string; readonly cure: string }
        | undefined;
    }[];
  };
}
