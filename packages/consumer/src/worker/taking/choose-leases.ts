import type { Random } from "@kinesis-connectors/core";
import type { Lease } from "@kinesis-connectors/leases";
import type { ObservedLease } from "./lease-ages.js";
import { someOf } from "./some-of.js";

export interface LeaseChoice {
  readonly observed: readonly ObservedLease[];
  readonly me: string;
  /** When the scan began, on the monotonic clock: what was read is not newer. */
  readonly nowMs: number;
  readonly failoverTimeMs: number;
  readonly maxLeasesForWorker: number;
  /** `share`: what is lacking divided by the number of workers, at least 1. */
  readonly maxLeasesToSteal: number | "share";
  /** Shards that this process is still busy with, held or not: never taken, so that no shard is worked on twice here. */
  readonly busy: ReadonlySet<string>;
  readonly random: Random;
}

/** What a look at the leases shows of a fleet, counted as the KCL counts its `NumWorkers` and `ExpiredLeases` (`DynamoDBLeaseTaker`). */
export interface FleetSeen {
  /** Workers that renew a lease, this one always among them. */
  readonly workers: number;
  /** Leases that nobody owns or renews. */
  readonly availableLeases: number;
}

export interface ChosenLeases extends FleetSeen {
  readonly take: readonly Lease[];
  /** Leases of a living worker. */
  readonly steal: readonly Lease[];
}

// amazon-kinesis-client: a lease that nobody has renewed for three failover times is taken beyond the worker's share.
const VERY_OLD_FACTOR = 3;

/**
 * Which leases to take now, as a KCL 2.x worker decides (`DynamoDBLeaseTaker`): very old ones first and beyond the fair share, then
 * expired and unowned ones up to it, and only when there is none of these a few from the worker that has most. A share that is one
 * below the fair one is left alone, so that leases do not go to and fro.
 */
export function chooseLeasesToTake(choice: LeaseChoice): ChosenLeases {
  const { observed, me, nowMs, failoverTimeMs, maxLeasesForWorker, busy, random } = choice;
  const isAvailable = ({ lease, owner, changedMs }: ObservedLease): boolean =>
    owner === undefined ||
    // Ours by name and not held: dropped in this process because it could not be renewed. Nobody else renews under this name.
    (owner === me && !busy.has(lease.leaseKey)) ||
    nowMs - changedMs > failoverTimeMs;
  const available: ObservedLease[] = [];
  const living = new Map<string, Lease[]>([[me, []]]);
  for (const seen of observed) {
    if (busy.has(seen.lease.leaseKey)) {
      // Counted as ours as long as it is: a lost one that is still being let go has another owner's name.
      if (seen.owner === me) living.get(me)?.push(seen.lease);
    } else if (isAvailable(seen)) available.push(seen);
    else if (seen.owner !== undefined) {
      const leases = living.get(seen.owner);
      if (leases === undefined) living.set(seen.owner, [seen.lease]);
      else leases.push(seen.lease);
    }
  }
  const mine = living.get(me)?.length ?? 0;
  const target = Math.min(
    living.size >= observed.length ? 1 : Math.ceil(observed.length / living.size),
    maxLeasesForWorker,
  );

  const seen = { workers: living.size, availableLeases: available.length };
  const veryOld = available.filter(({ changedMs }) => changedMs < nowMs - VERY_OLD_FACTOR * failoverTimeMs);
  if (veryOld.length > 0)
    return {
      ...seen,
      take: someOf(veryOld, maxLeasesForWorker - mine, random).map(({ lease }) => lease),
      steal: [],
    };

  const need = target - mine;
  if (need <= 0) return { ...seen, take: [], steal: [] };
  if (available.length > 0)
    return { ...seen, take: someOf(available, need, random).map(({ lease }) => lease), steal: [] };
  return { ...seen, take: [], steal: chooseLeasesToSteal(choice, living, need, target) };
}

function chooseLeasesToSteal(
  choice: LeaseChoice,
  living: ReadonlyMap<string, readonly Lease[]>,
  need: number,
  target: number,
): readonly Lease[] {
  let richest: readonly Lease[] = [];
  for (const [owner, leases] of living)
    if (owner !== choice.me && leases.length > richest.length) richest = leases;
  let count = richest.length >= target ? Math.min(need, richest.length - target) : 0;
  if (count === 0 && need > 1) count = 1;
  // All workers that lack leases may steal from the same one at once: each taking its part of them leaves that one its share.
  const most =
    choice.maxLeasesToSteal === "share"
      ? Math.max(1, Math.floor(count / living.size))
      : choice.maxLeasesToSteal;
  return someOf(richest, Math.min(count, most), choice.random);
}
