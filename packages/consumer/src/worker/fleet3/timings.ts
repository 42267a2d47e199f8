/**
 * Times of a fleet in the KCL's 3.x mode. The KCL's own are constants of `LeaseManagementConfig` and of its lock client; a test gives others.
 */
export interface FleetTimings {
  /** Pause between two reports of a worker. KCL `workerMetricsReporterFreqInMillis`. */
  readonly reportMs: number;
  /** A worker that has not reported for so long gets no leases. KCL: twice the time between two reports. */
  readonly reportExpiryMs: number;
  /** A report that is so old is deleted by the leader. KCL `staleWorkerMetricsEntryCleanupDuration`. */
  readonly reportStaleMs: number;
  /** A report of a worker of ours that has been seen unchanged for so long is deleted. */
  readonly ownReportStaleMs: number;
  /** How long a leader that does not show itself keeps its place, at most: see `fleetTimings`. The KCL's own is 120,000; each lock says its own. */
  readonly lockLeaseMs: number;
  /** How long a lock that is nobody's, or does not change, is left to the KCL workers of the fleet. */
  readonly reluctanceMs: number;
  /** The time that an old owner has to let go of a shard. KCL `gracefulLeaseHandoffTimeoutMillis`. */
  readonly handoffMs: number;
  /** How long all owners must have reported before a fleet is switched from 2.x. The KCL's `Scheduler`: ten minutes. */
  readonly upgradeStableMs: number;
  /** Pause between two warnings that say the same. */
  readonly warnMs: number;
}

const FLEET_TIMINGS: FleetTimings = {
  reportMs: 30_000,
  reportExpiryMs: 60_000,
  reportStaleMs: 86_400_000,
  ownReportStaleMs: 600_000,
  lockLeaseMs: 30_000,
  reluctanceMs: 240_000,
  handoffMs: 30_000,
  upgradeStableMs: 600_000,
  warnMs: 60_000,
};

/** A leader shows itself each half failover time: it is missed as soon as a lease is that nobody renews, and a little more. */
const LOCK_FAILOVERS = 3;

/** The times of a fleet with this failover time, and what a caller has given instead. */
export function fleetTimings(failoverTimeMs: number, given: Partial<FleetTimings> = {}): FleetTimings {
  const lockLeaseMs = Math.min(FLEET_TIMINGS.lockLeaseMs, LOCK_FAILOVERS * failoverTimeMs);
  return { ...FLEET_TIMINGS, lockLeaseMs, ...given };
}

// KCL: a lock counts for 120 s after its last sign of life, and workers look at it every 30 s: one look to see it first, one to see it expired.
const JAVA_LOCK_MS = 120_000 + 2 * 30_000;
// The new leader looks at the leases every two failover times: its first look only remembers counters, the second or third finds them unchanged, and
// the new owner finds its lease within another one.
const JAVA_ASSIGNMENT_FAILOVERS = 6;

/**
 * How long a lease may stay without a renewal in 3.x mode before it is taken by a worker that nobody told to: longer than a fleet of KCL workers needs
 * after it has lost its leader and an owner at once. 154 s have been seen with a failover time of 10 s, for which this is 240 s.
 */
export function orphanAfterMs(failoverTimeMs: number): number {
  return JAVA_LOCK_MS + JAVA_ASSIGNMENT_FAILOVERS * failoverTimeMs;
}
