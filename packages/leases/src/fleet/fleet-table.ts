/** What a worker measures of its machine. Nothing in it: it is balanced by the throughput of its leases. */
export interface WorkerMeasures {
  /** Averages of each metric, in percent, the oldest first; -1 where measuring failed (`sts`). */
  readonly metrics: Readonly<Record<string, readonly number[]>>;
  /** The most that each metric should come to, in percent (`opr`). */
  readonly limits: Readonly<Record<string, number>>;
}

/** What a worker says of itself to the leader of its fleet: a row of the KCL's `WorkerMetricStats`. */
export interface WorkerReport extends WorkerMeasures {
  /** The worker's name, as leases have it as their owner. */
  readonly workerId: string;
  /** When it was written, by the worker's own clock, in whole seconds since 1970 (`lut`). Undefined in a row that does not say. */
  readonly updatedS: number | undefined;
  /** Our attribute `kcWorker`: written by a worker of this library. */
  readonly isOurs: boolean;
  /** Where the row lies: in the table of reports that KCL 3.0 to 3.4 made, or among the leases. */
  readonly place: "own-table" | "lease-table";
}

/** The lock of the leader: the row `Leader`, as amazon-dynamodb-lock-client writes it. It holds no time; whoever looks at it counts for itself. */
export interface LeaderLock {
  readonly ownerId: string;
  /** Another one with each sign of life (`recordVersionNumber`); "" in a row that has none, which somebody spoiled. */
  readonly version: string;
  /** How long it counts after its last sign of life, in milliseconds (`leaseDuration`). */
  readonly leaseMs: number;
  /** Given back, and the row left (`isReleased`). */
  readonly isReleased: boolean;
}

/** The change of a fleet's algorithms: from one `cv` of the row `Migration3.0` to another. */
export interface ModeChange {
  /** What the row must say now; undefined when there must be no row. */
  readonly from: string | undefined;
  readonly to: string;
  readonly by: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/**
 * The rows by which the workers of a fleet in the KCL's 3.x mode (`CLIENT_VERSION_3X*` of the row `Migration3.0`) know each other and their leader. All of
 * them retry inside; they reject with `KC_LEASE_TABLE` when no waiting mends it, and with the original error when retries were used up.
 */
export interface FleetTable {
  /** Creates or changes the row `Migration3.0`. False: it says something else than `from`. */
  readonly changeMode: (change: ModeChange) => Promise<boolean>;
  /**
   * How far the fleet's move into one table is (`tm` of the row `TableMigration3.5`). Undefined: none is under way, or it is complete. While one is, only
   * leaders that drive it may lead.
   */
  readonly tableMigration: () => Promise<string | undefined>;
  /** Writes this worker's report, where the fleet's leader looks for it. Without `measures` it says that the worker measures nothing. */
  readonly report: (workerId: string, updatedS: number, measures?: WorkerMeasures) => Promise<void>;
  /** Deletes this worker's report: it has stopped. */
  readonly retract: (workerId: string) => Promise<void>;
  readonly reports: () => Promise<readonly WorkerReport[]>;
  /** Deletes a report that is as old as it was seen. */
  readonly forget: (seen: WorkerReport) => Promise<boolean>;
  /** The leader's lock, with every write before the call visible. */
  readonly lock: () => Promise<LeaderLock | undefined>;
  /** Writes the lock if it still is as `seen`; undefined: if there is none. */
  readonly takeLock: (mine: LeaderLock, seen: LeaderLock | undefined) => Promise<boolean>;
  /** Gives the lock another version, if it still is `mine`. */
  readonly keepLock: (mine: LeaderLock, version: string) => Promise<boolean>;
  /** Deletes the lock, if it still is `mine`. */
  readonly releaseLock: (mine: LeaderLock) => Promise<void>;
  /** Keys of the leases whose `leaseOwner` this is, a little behind the latest writes; undefined when there is no index to ask. */
  readonly assignedTo: (workerId: string) => Promise<readonly string[] | undefined>;
  /** Whether the index of owners can be asked: KCL workers need it. */
  readonly hasIndex: () => Promise<boolean>;
}
