import type { Lease } from "@kinesis-connectors/consumer";
import type { WorkerReport } from "@kinesis-connectors/leases";
import { actualOwner } from "./rows.js";

/** A lease in the leader's memory for one run: `InMemoryStorageView`. */
export interface ViewedLease {
  readonly row: Lease;
  readonly lastIncMs: number;
  /** When its owner was seen to be told to let go, and has no more time then. */
  readonly handoffUntilMs: number | undefined;
  readonly isFree: boolean;
  readonly throughputKBps: number;
}

export interface LoadedWorker {
  readonly workerId: string;
  readonly metrics: Map<string, number>;
  readonly ranges: ReadonlyMap<string, number>;
}

/** What each worker has, and what it is given in this run. */
export class FleetLoads {
  readonly leases: readonly ViewedLease[];
  readonly workers: readonly LoadedWorker[];
  readonly assigned: Map<ViewedLease, string> = new Map();
  readonly averages: ReadonlyMap<string, number>;
  readonly targetThroughput: number;
  readonly targetLeases: number;
  readonly #owned = new Map<string | undefined, Set<ViewedLease>>();
  readonly #throughput = new Map<string | undefined, number>();

  constructor(leases: readonly ViewedLease[], reports: readonly WorkerReport[], averageKBps: number) {
    this.leases = leases;
    const count = Math.max(1, reports.length);
    this.targetThroughput = (averageKBps * leases.length) / count;
    this.targetLeases = Math.max(Math.floor(leases.length / count), 1);
    for (const lease of leases) this.#give(lease, actualOwner(lease.row));
    this.workers = reports.map(({ workerId, metrics, limits }) => {
      const values = new Map(Object.entries(metrics).map(([name, list]) => [name, list.at(-1) ?? 0]));
      const ranges = new Map(Object.entries(limits));
      if (values.size === 0) {
        // A worker that measures nothing: 0/0 where nothing is read at all (K23).
        values.set("T", (this.throughputOf(workerId) / this.targetThroughput) * 100);
        ranges.set("T", 100);
      }
      return { workerId, metrics: values, ranges };
    });
    const averages = new Map<string, number>();
    for (const name of new Set(this.workers.flatMap(({ metrics }) => [...metrics.keys()]))) {
      const values = this.workers.flatMap(({ metrics }) => metrics.get(name) ?? []);
      averages.set(name, values.reduce((sum, value) => sum + value, 0) / values.length);
    }
    this.averages = averages;
  }

  throughputOf(workerId: string | undefined): number {
    return this.#throughput.get(workerId) ?? 0;
  }

  ownedBy(workerId: string): readonly ViewedLease[] {
    return [...(this.#owned.get(workerId) ?? [])];
  }

  /** `performLeaseAssignment`, with the metrics of the new owner extrapolated. */
  assign(lease: ViewedLease, to: LoadedWorker): void {
    for (const [metric, value] of to.metrics)
      to.metrics.set(metric, value + this.#gain(metric, lease.throughputKBps));
    const from = actualOwner(lease.row);
    this.#owned.get(from)?.delete(lease);
    this.#throughput.set(from, this.throughputOf(from) - lease.throughputKBps);
    this.#give(lease, to.workerId);
    this.assigned.set(lease, to.workerId);
  }

  /** `willAnyMetricStatsGoAboveAverageUtilizationOrOperatingRange`. */
  overfills(worker: LoadedWorker, throughputKBps: number): boolean {
    return [...worker.metrics].some(([metric, value]) => {
      const next = value + this.#gain(metric, throughputKBps);
      return next > (this.averages.get(metric) ?? 0) || next > (worker.ranges.get(metric) ?? 100);
    });
  }

  /** `computePercentageToReachAverage`. */
  roomOf({ metrics }: LoadedWorker): number {
    let room = Number.POSITIVE_INFINITY;
    for (const [metric, value] of metrics) {
      const average = this.averages.get(metric) ?? 0;
      room = Math.min(room, value === 0 ? 1 : (average - value) / value);
    }
    return room;
  }

  #gain(metric: string, throughputKBps: number): number {
    const average = this.averages.get(metric) ?? 0;
    return this.targetThroughput === 0
      ? average / this.targetLeases
      : (throughputKBps * average) / this.targetThroughput;
  }

  #give(lease: ViewedLease, to: string | undefined): void {
    const owned = this.#owned.get(to) ?? new Set();
    owned.add(lease);
    this.#owned.set(to, owned);
    this.#throughput.set(to, this.throughputOf(to) + lease.throughputKBps);
  }
}
