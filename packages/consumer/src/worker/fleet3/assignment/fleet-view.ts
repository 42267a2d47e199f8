import { isEnded, type WorkerReport } from "@kinesis-connectors/leases";
import type { ObservedLease } from "../../taking/lease-ages.js";
import { averageOf, measuresNothing, THROUGHPUT } from "./reports.js";

/**
 * A lease of which nothing is read weighs a little all the same: otherwise all of these would go to one worker, which gets no busier by them. All
 * of them together never weigh more than a twentieth of the fleet.
 */
const IDLE_SHARE = 0.05;

/** A lease as the leader sees it. */
export interface SeenLease extends ObservedLease {
  /** Nobody owns it, or its owner has not renewed it for the failover time. */
  readonly isFree: boolean;
  /** It is on its way to another owner, and the old one still has time. */
  readonly isMoving: boolean;
  /** It was moved for the balance so lately that it stays. */
  readonly isSettling: boolean;
}

/** One worker, and what it has to do. */
export interface LoadedWorker {
  readonly workerId: string;
  readonly leases: Set<SeenLease>;
  /** The sum of the weights of its leases. */
  weight: number;
  /** Percent of each metric, as measured and with what it has been given since. */
  readonly loads: Map<string, number>;
  readonly limits: Readonly<Record<string, number>>;
}

/** The fleet as the leader sees it, and as it becomes while leases are given out. */
export class FleetView {
  readonly workers: readonly LoadedWorker[];
  readonly leases: readonly SeenLease[];
  /** Of each metric, over the workers that measure it. */
  readonly averages: ReadonlyMap<string, number>;
  /** What falls to each worker. */
  readonly targetWeight: number;
  readonly #byId: ReadonlyMap<string, LoadedWorker>;
  readonly #averageKBps: number;

  constructor(leases: readonly SeenLease[], reports: readonly WorkerReport[]) {
    this.leases = leases;
    const open = leases.filter(({ lease }) => !isEnded(lease));
    const known = open.flatMap(({ lease }) => lease.throughputKBps ?? []);
    this.#averageKBps = known.length === 0 ? 0 : known.reduce((sum, kbps) => sum + kbps, 0) / known.length;
    this.workers = reports.map(({ workerId, limits }) => ({
      workerId,
      leases: new Set(),
      weight: 0,
      loads: new Map<string, number>(),
      limits,
    }));
    this.#byId = new Map(this.workers.map((worker) => [worker.workerId, worker]));
    let total = 0;
    for (const seen of leases) {
      // A lease that is on its way counts for whoever gets it, or the next look would send another one after it.
      const worker = seen.isFree ? undefined : this.worker(seen.lease.owner ?? seen.owner);
      if (worker !== undefined) {
        worker.leases.add(seen);
        worker.weight += this.weightOf(seen);
      }
      if (worker !== undefined || seen.isFree) total += this.weightOf(seen);
    }
    this.targetWeight = total / Math.max(1, this.workers.length);
    reports.forEach((report, index) => {
      const loads = this.workers[index]?.loads;
      if (measuresNothing(report)) {
        const weight = this.workers[index]?.weight ?? 0;
        loads?.set(THROUGHPUT, this.targetWeight === 0 ? 0 : (weight / this.targetWeight) * 100);
      } else for (const [name, values] of Object.entries(report.metrics)) loads?.set(name, averageOf(values));
    });
    this.averages = averagesOf(this.workers);
  }

  worker(workerId: string | undefined): LoadedWorker | undefined {
    return workerId === undefined ? undefined : this.#byId.get(workerId);
  }

  /** What a lease weighs: its throughput, or the average where it is not known. Where nothing is known of any, all weigh the same. */
  weightOf({ lease }: SeenLease): number {
    const floor = this.#averageKBps === 0 ? IDLE_SHARE : this.#averageKBps * IDLE_SHARE;
    if (isEnded(lease)) return floor;
    if (this.#averageKBps === 0) return 1;
    return Math.max(lease.throughputKBps ?? this.#averageKBps, floor);
  }

  /** Gives a lease to a worker, as far as this view goes. */
  give(seen: SeenLease, to: LoadedWorker): void {
    const from = this.workers.find((worker) => worker.leases.has(seen));
    if (from !== undefined) this.#change(from, seen, -1);
    this.#change(to, seen, 1);
  }

  /** What a worker's metric would be with so much more weight (KCL `extrapolateMetricsValue`). */
  withWeight(worker: LoadedWorker, metric: string, weight: number): number {
    const load = worker.loads.get(metric) ?? 0;
    return this.targetWeight === 0
      ? load
      : load + (weight * (this.averages.get(metric) ?? 0)) / this.targetWeight;
  }

  /** How much room a worker has below the fleet's averages, as a part of what it has: KCL `computePercentageToReachAverage`. */
  roomOf(worker: LoadedWorker): number {
    let room = Number.POSITIVE_INFINITY;
    for (const [metric, load] of worker.loads)
      room = Math.min(room, load === 0 ? 1 : ((this.averages.get(metric) ?? 0) - load) / load);
    return room;
  }

  #change(worker: LoadedWorker, seen: SeenLease, sign: 1 | -1): void {
    const weight = sign * this.weightOf(seen);
    if (sign === 1) worker.leases.add(seen);
    else worker.leases.delete(seen);
    for (const metric of worker.loads.keys())
      worker.loads.set(metric, this.withWeight(worker, metric, weight));
    worker.weight += weight;
  }
}

function averagesOf(workers: readonly LoadedWorker[]): ReadonlyMap<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { loads } of workers)
    for (const [metric, load] of loads) {
      const { sum, count } = sums.get(metric) ?? { sum: 0, count: 0 };
      sums.set(metric, { sum: sum + load, count: count + 1 });
    }
  return new Map([...sums].map(([metric, { sum, count }]) => [metric, sum / count]));
}
