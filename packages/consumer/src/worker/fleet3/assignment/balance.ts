import { isEnded } from "@kinesis-connectors/leases";
import type { FleetView, LoadedWorker, SeenLease } from "./fleet-view.js";
import { THROUGHPUT } from "./reports.js";

// KCL `LeaseManagementConfig.WorkerUtilizationAwareAssignmentConfig`: reBalanceThresholdPercentage and dampeningPercentage.
const THRESHOLD = 0.1;
/** What is measured lags behind what is moved: only a part goes at a time. The throughput of leases goes with them, and needs none of it. */
const DAMPENING = 0.6;
/** What an exchange must gain, as a part of what falls to each worker: less is noise. */
const MIN_GAIN = 0.02;

/** A lease that leaves a worker for a less loaded one. */
export interface BalancingMove {
  readonly seen: SeenLease;
  readonly to: LoadedWorker;
}

/**
 * What makes a fleet even: where a worker is more than a tenth off the average of a metric, or above its limit, leases go from the most loaded to the
 * roomiest. The metric of which most would have to move is the one that is balanced (KCL `VarianceBasedLeaseAssignmentDecider`).
 */
export function balance(view: FleetView, maxLeasesForWorker: number): readonly BalancingMove[] {
  let worst: { readonly metric: string; readonly excess: ReadonlyMap<LoadedWorker, number> } | undefined;
  let most = 0;
  for (const metric of view.averages.keys()) {
    const excess = excessOf(view, metric);
    const total = [...excess.values()].reduce((sum, weight) => sum + weight, 0);
    if (total <= most) continue;
    most = total;
    worst = { metric, excess };
  }
  if (worst === undefined) return [];
  const hasRoom = (worker: LoadedWorker): boolean => worker.leases.size < maxLeasesForWorker;
  return worst.metric === THROUGHPUT
    ? balanceThroughput(view, hasRoom)
    : balanceMetric(view, worst.excess, hasRoom);
}

/** The weight that each overloaded worker has too much of, by one metric; none where all are near enough to the average. */
function excessOf(view: FleetView, metric: string): ReadonlyMap<LoadedWorker, number> {
  const average = view.averages.get(metric) ?? 0;
  const excess = new Map<LoadedWorker, number>();
  let isOff = false;
  let heaviest: LoadedWorker | undefined;
  let heaviestLoad = Number.NEGATIVE_INFINITY;
  for (const worker of view.workers) {
    const load = worker.loads.get(metric);
    if (load === undefined) continue;
    const isAboveLimit = metric !== THROUGHPUT && load > (worker.limits[metric] ?? Number.POSITIVE_INFINITY);
    if (isAboveLimit || Math.abs(load - average) > average * THRESHOLD) isOff = true;
    if (load > heaviestLoad) {
      heaviest = worker;
      heaviestLoad = load;
    }
    if (isAboveLimit || load >= average * (1 + THRESHOLD))
      excess.set(worker, overweight(worker, load, average));
  }
  if (!isOff || heaviest === undefined) return new Map();
  if (excess.size === 0) excess.set(heaviest, overweight(heaviest, heaviestLoad, average));
  return excess;
}

function overweight(worker: LoadedWorker, load: number, average: number): number {
  return load <= 0 ? 0 : Math.max(0, worker.weight * ((load - average) / load));
}

/** Throughput is known lease by lease: exchanges go on until none makes the two workers at the ends more even. */
function balanceThroughput(
  view: FleetView,
  hasRoom: (worker: LoadedWorker) => boolean,
): readonly BalancingMove[] {
  const moves: BalancingMove[] = [];
  const measured = view.workers.filter(({ loads }) => loads.has(THROUGHPUT));
  const stuck = new Set<LoadedWorker>();
  const moved = new Set<SeenLease>();
  while (moves.length < view.leases.length) {
    const from = extreme(
      measured.filter((worker) => !stuck.has(worker)),
      (a, b) => a.weight > b.weight,
    );
    const to = extreme(measured.filter(hasRoom), (a, b) => a.weight < b.weight);
    if (from === undefined || to === undefined || from.weight <= to.weight) break;
    const isOff = [from, to].some(
      ({ weight }) => Math.abs(weight - view.targetWeight) > view.targetWeight * THRESHOLD,
    );
    if (!isOff) break;
    const seen = bestExchange(view, from, to, moved);
    if (seen === undefined) {
      // Nothing of it fits; the next one may have something that does.
      stuck.add(from);
      continue;
    }
    view.give(seen, to);
    moved.add(seen);
    moves.push({ seen, to });
  }
  return moves;
}

/** The lease whose move leaves the heavier of the two as light as can be. */
function bestExchange(
  view: FleetView,
  from: LoadedWorker,
  to: LoadedWorker,
  moved: ReadonlySet<SeenLease>,
): SeenLease | undefined {
  let best: SeenLease | undefined;
  let bestHeavier = from.weight - view.targetWeight * MIN_GAIN;
  for (const seen of movable(from)) {
    if (moved.has(seen)) continue;
    const weight = view.weightOf(seen);
    const heavier = Math.max(from.weight - weight, to.weight + weight);
    if (heavier >= bestHeavier) continue;
    best = seen;
    bestHeavier = heavier;
  }
  return best;
}

/** Other metrics are measured and lag: a part of the excess goes, to workers that do not come above average by it. */
function balanceMetric(
  view: FleetView,
  excess: ReadonlyMap<LoadedWorker, number>,
  hasRoom: (worker: LoadedWorker) => boolean,
): readonly BalancingMove[] {
  const moves: BalancingMove[] = [];
  for (const [from, weight] of [...excess].toSorted((a, b) => b[1] - a[1])) {
    for (const seen of leasesOfWeight(view, from, weight * DAMPENING)) {
      const to = extreme(
        view.workers.filter((worker) => worker !== from && hasRoom(worker)),
        (a, b) => view.roomOf(a) > view.roomOf(b),
      );
      if (to === undefined || overfills(view, to, seen)) break;
      view.give(seen, to);
      moves.push({ seen, to });
    }
  }
  return moves;
}

/** Leases that together weigh less than so much; if none does, the lightest. */
function leasesOfWeight(view: FleetView, from: LoadedWorker, weight: number): readonly SeenLease[] {
  const leases = movable(from).toSorted((a, b) => view.weightOf(b) - view.weightOf(a));
  const chosen: SeenLease[] = [];
  let left = weight;
  for (const seen of leases) {
    if (view.weightOf(seen) >= left) continue;
    left -= view.weightOf(seen);
    chosen.push(seen);
  }
  const lightest = leases.at(-1);
  return chosen.length > 0 || lightest === undefined ? chosen : [lightest];
}

/** Whether a worker would come above an average, or above a limit of its own. */
function overfills(view: FleetView, worker: LoadedWorker, seen: SeenLease): boolean {
  const weight = view.weightOf(seen);
  return [...worker.loads.keys()].some((metric) => {
    const load = view.withWeight(worker, metric, weight);
    return (
      load > (view.averages.get(metric) ?? 0) || load > (worker.limits[metric] ?? Number.POSITIVE_INFINITY)
    );
  });
}

function movable({ leases }: LoadedWorker): readonly SeenLease[] {
  return [...leases].filter(
    ({ lease, isFree, isMoving, isSettling }) => !isFree && !isMoving && !isSettling && !isEnded(lease),
  );
}

function extreme(
  workers: readonly LoadedWorker[],
  isBetter: (a: LoadedWorker, b: LoadedWorker) => boolean,
): LoadedWorker | undefined {
  let best: LoadedWorker | undefined;
  for (const worker of workers) if (best === undefined || isBetter(worker, best)) best = worker;
  return best;
}
