/** Times of a KCL worker, in milliseconds (amazon-kinesis-client 3.5.1: defaults of `LeaseManagementConfig`, `CoordinatorConfig` and its lock client). */
export interface KclTimes {
  readonly failoverMs: number;
  /** `LeaseCoordinator`: a third of the failover time, less epsilon; at a fixed rate. */
  readonly renewMs: number;
  /** Taking in 2.x mode: `(failoverTimeMillis + epsilon) * 2`. */
  readonly takeMs: number;
  /** `leaseAssignmentInterval`, and discovery at half of it, less epsilon. */
  readonly assignMs: number;
  readonly discoverMs: number;
}

const EPSILON_MS = 25;

export function kclTimes(failoverMs: number): KclTimes {
  return {
    failoverMs,
    renewMs: Math.floor(failoverMs / 3) - EPSILON_MS,
    takeMs: (failoverMs + EPSILON_MS) * 2,
    assignMs: 2 * failoverMs,
    discoverMs: failoverMs - EPSILON_MS,
  };
}

/** `gracefulLeaseHandoffTimeoutMillis`. */
export const HANDOFF_MS = 30_000;
/** The leader's lock: how long it counts, and how often its owner shows itself, or another looks at it. */
export const LOCK_LEASE_MS = 120_000;
export const LOCK_LOOK_MS = 30_000;
/** `workerMetricsReporterFreqInMillis`; the first report comes after two seconds. */
export const REPORT_MS = 30_000;
export const FIRST_REPORT_MS = 2_000;
/** A report that is older counts for nothing. */
export const REPORT_EXPIRY_MS: number = 2 * REPORT_MS;
/** The row `Migration3.0` is looked at so often. */
export const MODE_LOOK_MS = 60_000;
/** `LeaseCleanupManager`. */
export const CLEANUP_MS = 60_000;
/** `parentShardPollIntervalMillis`. */
export const PARENT_POLL_MS = 10_000;
