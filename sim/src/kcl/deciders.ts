import type { SeededRandom } from "../world/random.js";
import type { FleetLoads, LoadedWorker, ViewedLease } from "./fleet-loads.js";
import { shuffled } from "./lease-taker.js";
import { actualOwner } from "./rows.js";

/** How a leader decides who gets what. */
interface Decider {
  readonly assignFree: (free: readonly ViewedLease[]) => void;
  readonly balance: () => void;
}

// `WorkerUtilizationAwareAssignmentConfig`: reBalanceThresholdPercentage, dampeningPercentage.
const THRESHOLD = 0.1;
const DAMPENING = 0.6;

/** `VarianceBasedLeaseAssignmentDecider`: WORKER_UTILIZATION_AWARE, the default. */
export class VarianceDecider implements Decider {
  readonly #loads: FleetLoads;
  readonly #random: SeededRandom;
  /** The workers that may be given something: the KCL's priority queue. */
  readonly #queue: LoadedWorker[];

  constructor(loads: FleetLoads, random: SeededRandom) {
    this.#loads = loads;
    this.#random = random;
    this.#queue = [...loads.workers];
  }

  assignFree(free: readonly ViewedLease[]): void {
    for (const lease of free) {
      const worker = this.#poll();
      if (worker === undefined) return;
      this.#assign(lease, worker);
    }
  }

  balance(): void {
    let most = -1;
    let chosen: readonly (readonly [worker: LoadedWorker, throughput: number])[] = [];
    for (const [metric, average] of this.#loads.averages) {
      const takes = this.#donors(metric, average).map((worker) => {
        const value = worker.metrics.get(metric) ?? 0;
        const share = ((value - average) / value) * DAMPENING;
        return [worker, this.#loads.throughputOf(worker.workerId) * share] as const;
      });
      const total = takes.reduce((sum, [, throughput]) => sum + throughput, 0);
      if (total <= most) continue;
      most = total;
      chosen = takes;
    }
    for (const [from, throughput] of chosen.toSorted((a, b) => b[1] - a[1])) {
      for (const lease of this.#leasesOf(from, throughput)) {
        const to = this.#poll();
        if (to === undefined) continue;
        // As the KCL has it: who was asked is not put back.
        if (this.#loads.overfills(to, lease.throughputKBps)) break;
        this.#assign(lease, to);
      }
    }
  }

  #donors(metric: string, average: number): readonly LoadedWorker[] {
    const measured = this.#loads.workers.filter(({ metrics }) => metrics.has(metric));
    const valueOf = ({ metrics }: LoadedWorker): number => metrics.get(metric) ?? 0;
    const isAbove = (worker: LoadedWorker): boolean => valueOf(worker) > (worker.ranges.get(metric) ?? 100);
    const isOff = measured.some(
      (worker) =>
        isAbove(worker) ||
        valueOf(worker) > average * (1 + THRESHOLD) ||
        valueOf(worker) < average * (1 - THRESHOLD),
    );
    if (!isOff) return [];
    const donors = measured.filter(
      (worker) => isAbove(worker) || valueOf(worker) >= average * (1 + THRESHOLD),
    );
    if (donors.length > 0) return donors;
    return measured.toSorted((a, b) => valueOf(b) - valueOf(a)).slice(0, 1);
  }

  #leasesOf({ workerId }: LoadedWorker, throughput: number): readonly ViewedLease[] {
    const owned = this.#loads.ownedBy(workerId);
    if (this.#loads.throughputOf(workerId) === 0) return owned.slice(0, 1);
    let left = throughput;
    const chosen: ViewedLease[] = [];
    for (const lease of shuffled(owned, this.#random)) {
      if (left - lease.throughputKBps <= 0) continue;
      left -= lease.throughputKBps;
      chosen.push(lease);
    }
    return chosen.length > 0
      ? chosen
      : owned.toSorted((a, b) => a.throughputKBps - b.throughputKBps).slice(0, 1);
  }

  #assign(lease: ViewedLease, to: LoadedWorker): void {
    const { row, isFree } = lease;
    // An expired handoff is given on even to whom it belongs (K11).
    const isStuck = isFree && row.checkpointOwner !== undefined;
    if (isStuck || actualOwner(row) !== to.workerId) this.#loads.assign(lease, to);
    this.#queue.push(to);
  }

  #poll(): LoadedWorker | undefined {
    let best = 0;
    for (let at = 1; at < this.#queue.length; at += 1) {
      const [a, b] = [this.#queue[at], this.#queue[best]];
      if (a !== undefined && b !== undefined && this.#loads.roomOf(a) > this.#loads.roomOf(b)) best = at;
    }
    return this.#queue.splice(best, 1)[0];
  }
}

/** `LeaseCountBasedLeaseAssignmentDecider`: LEASE_COUNT_BASED. */
export class CountDecider implements Decider {
  readonly #loads: FleetLoads;
  readonly #target: number;

  constructor(loads: FleetLoads) {
    this.#loads = loads;
    const { leases, workers } = loads;
    this.#target = workers.length >= leases.length ? 1 : Math.ceil(leases.length / workers.length);
  }

  assignFree(free: readonly ViewedLease[]): void {
    const queue = this.#byCount();
    let at = 0;
    for (const lease of free) {
      const to = queue[at];
      if (to === undefined) return;
      // Who owned it counts with it, and gets it again, also when it is gone.
      to.count += 1;
      this.#loads.assign(lease, to.worker);
      if (to.count >= this.#target) at += 1;
    }
  }

  balance(): void {
    const sorted = this.#byCount();
    const left = new Map(
      sorted.map(({ worker }) => [
        worker,
        this.#loads.ownedBy(worker.workerId).filter(({ row }) => row.checkpointOwner === undefined),
      ]),
    );
    let low = 0;
    let high = sorted.length - 1;
    while (low < high) {
      const [to, from] = [sorted[low], sorted[high]];
      if (to === undefined || from === undefined) return;
      if (to.count >= this.#target) {
        low += 1;
        continue;
      }
      const lease = from.count <= this.#target ? undefined : left.get(from.worker)?.shift();
      if (lease === undefined) {
        high -= 1;
        continue;
      }
      this.#loads.assign(lease, to.worker);
      to.count += 1;
      from.count -= 1;
    }
  }

  #byCount(): { readonly worker: LoadedWorker; count: number }[] {
    return this.#loads.workers
      .map((worker) => ({ worker, count: this.#loads.ownedBy(worker.workerId).length }))
      .toSorted((a, b) => a.count - b.count);
  }
}
