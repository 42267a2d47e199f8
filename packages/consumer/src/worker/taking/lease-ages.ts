import { actualOwner, type Lease } from "@kinesis-connectors/leases";

/** A lease and since when, on the observer's monotonic clock, its counter has not been seen to change. */
export interface ObservedLease {
  readonly lease: Lease;
  readonly owner: string | undefined;
  /** Minus infinity for a lease that nobody owned when it was first seen. */
  readonly changedMs: number;
  /**
   * Since when nobody is known to renew it: the same, for a lease that nobody owned the time at which it was first seen so. A leader that gives it to a worker
   * which does not take it up raises its counter too, once the lease has been free for the failover time: that does not count here.
   */
  readonly sinceMs: number;
}

interface Sight {
  readonly counter: number;
  readonly changedMs: number;
  readonly sinceMs: number;
}

/** Nobody renews so seldom, as a part of the failover time: a change by 1 that comes later is of a leader, who waits for all of it. */
const LONE_CHANGE = 0.75;

/**
 * Expiry is observed and never written: this remembers when each counter was last seen to change. Only the monotonic clock counts,
 * so no jump of the wall clock makes a lease look expired.
 */
export class LeaseAges {
  readonly #loneMs: number;
  #sights: ReadonlyMap<string, Sight> = new Map();

  constructor(failoverTimeMs: number) {
    this.#loneMs = failoverTimeMs * LONE_CHANGE;
  }

  /** Takes in a scan that ended at `scannedMs`. Rows that vanished are forgotten. */
  observe(leases: readonly Lease[], scannedMs: number): readonly ObservedLease[] {
    const sights = new Map<string, Sight>();
    const observed: ObservedLease[] = [];
    for (const lease of leases) {
      const owner = actualOwner(lease);
      const before = this.#sights.get(lease.leaseKey);
      const changedMs =
        before === undefined
          ? owner === undefined
            ? Number.NEGATIVE_INFINITY
            : scannedMs
          : before.counter === lease.counter
            ? before.changedMs
            : scannedMs;
      const isLone =
        before !== undefined &&
        lease.counter === before.counter + 1 &&
        scannedMs - before.changedMs >= this.#loneMs;
      const isAsBefore = before !== undefined && (before.counter === lease.counter || isLone);
      const sinceMs = isAsBefore ? before.sinceMs : scannedMs;
      sights.set(lease.leaseKey, { counter: lease.counter, changedMs, sinceMs });
      observed.push({ lease, owner, changedMs, sinceMs });
    }
    this.#sights = sights;
    return observed;
  }
}
