import type { Random } from "@kinesis-connectors/core";
import type { Lease } from "@kinesis-connectors/leases";
import type { ObservedLease } from "../taking/lease-ages.js";
import { someOf } from "../taking/some-of.js";

// KCL: an owner that died is noticed after one to three failover times, its lease is found by the next one within another, and a look lies between.
const UNATTENDED_FACTOR = 6;

/** Leases that nobody renews, as one worker has seen them. */
export interface Unattended {
  /** All of them, those longest without a renewal first. */
  readonly leases: readonly Lease[];
  /** Those that are overdue beyond what the fleet's leader may need. */
  readonly orphans: readonly Lease[];
  /** How long the first of them has not been renewed, in milliseconds; 0 when there is none. */
  readonly longestMs: number;
}

/** Which leases nobody renews. Those of finished shards count too: children wait for what follows from them. */
export function unattendedLeases(
  observed: readonly ObservedLease[],
  options: {
    readonly nowMs: number;
    readonly failoverTimeMs: number;
    readonly orphanMs: number;
    readonly busy: ReadonlySet<string>;
  },
): Unattended {
  const { nowMs, failoverTimeMs, orphanMs, busy } = options;
  const idle = observed
    .filter(({ lease, sinceMs }) => {
      return !busy.has(lease.leaseKey) && nowMs - sinceMs > UNATTENDED_FACTOR * failoverTimeMs;
    })
    .toSorted((a, b) => a.sinceMs - b.sinceMs);
  const [first] = idle;
  return {
    leases: idle.map(({ lease }) => lease),
    // Whoever has just been given it has the time to take it up.
    orphans: idle
      .filter(({ sinceMs, changedMs }) => nowMs - sinceMs > orphanMs && nowMs - changedMs > failoverTimeMs)
      .map(({ lease }) => lease),
    longestMs: first === undefined ? 0 : nowMs - first.sinceMs,
  };
}

/**
 * Which of the orphans to take now: half of them, because other workers that nobody leads see the same ones, and take the others in the time until
 * the next look.
 */
export function orphansToTake(orphans: readonly Lease[], room: number, random: Random): readonly Lease[] {
  return someOf(orphans, Math.min(Math.ceil(orphans.length / 2), room), random);
}
