import type { Clock } from "@kinesis-connectors/core";
import {
  type FleetTable,
  isEnded,
  type Lease,
  type LeaseChange,
  type LeaseTable,
  type WorkerReport,
} from "@kinesis-connectors/leases";
import { inParallel } from "../in-parallel.js";
import type { LeaseAges } from "../taking/lease-ages.js";
import type { LeaseSettings } from "../lease-settings.js";
import type { WorkerEvent } from "../worker-events.js";
import { decide, type Move } from "./assignment/decide.js";
import type { SeenLease } from "./assignment/fleet-view.js";
import type { ReportAges } from "./assignment/report-ages.js";
import { assignable } from "./assignment/reports.js";
import { SilentWorkers } from "./assignment/silent-workers.js";
import type { FleetTimings } from "./timings.js";

export interface AssignerOptions {
  readonly table: LeaseTable;
  readonly fleet: FleetTable;
  readonly clock: Clock;
  readonly settings: Pick<LeaseSettings, "failoverTimeMs" | "maxLeasesForWorker">;
  readonly timings: FleetTimings;
  /** When each counter was seen to change: known before this worker leads, so that it need not begin by waiting. */
  readonly ages: LeaseAges;
  readonly reportAges: ReportAges;
  readonly observe: (event: WorkerEvent) => void;
}

const MAX_IN_FLIGHT = 20;
/** Tries of an assignment whose row its owner keeps renewing. */
const MAX_TRIES = 3;
// KCL: varianceBalancingFrequency, 3 of its looks, which come every two failover times.
const FAILOVERS_PER_BALANCE = 3;
/** A lease that was moved for the balance stays for so many balances: what is measured of it is not settled before. */
const BALANCES_TO_SETTLE = 2;

interface Handoff {
  readonly from: string;
  readonly to: string;
  readonly sinceMs: number;
}

/** What the leader of a fleet does: leases that nobody has get an owner, handoffs that hang are ended, and the fleet is kept even. */
export class Assigner {
  readonly #options: AssignerOptions;
  readonly #silent = new SilentWorkers();
  #handoffs: ReadonlyMap<string, Handoff> = new Map();
  readonly #settling = new Map<string, number>();
  #balancedMs = Number.NEGATIVE_INFINITY;

  constructor(options: AssignerOptions) {
    this.#options = options;
  }

  /** This worker has just become the leader: what it remembers is of another time. */
  begin(): void {
    this.#silent.clear();
    this.#handoffs = new Map();
    this.#settling.clear();
    this.#balancedMs = Number.NEGATIVE_INFINITY;
  }

  /** One look, as long as `mayLead`. Resolves with the workers that were given leases. */
  async step(mayLead: () => boolean): Promise<ReadonlySet<string>> {
    const { table, fleet, clock, settings, ages, reportAges } = this.#options;
    const startedMs = clock.monotonicNow();
    const [leases, reports] = [await table.list(), await fleet.reports()];
    reportAges.see(reports);
    const observed = ages.observe(leases, clock.monotonicNow());
    this.#seeHandoffs(leases, startedMs);
    const settlingMs = BALANCES_TO_SETTLE * FAILOVERS_PER_BALANCE * settings.failoverTimeMs;
    const seen = observed.map(({ lease, owner, changedMs, sinceMs }): SeenLease => {
      const isFree = owner === undefined || startedMs - changedMs > settings.failoverTimeMs;
      const movedMs = this.#settling.get(lease.leaseKey) ?? Number.NEGATIVE_INFINITY;
      const isMoving = !isFree && lease.checkpointOwner !== undefined;
      return {
        lease,
        owner,
        changedMs,
        sinceMs,
        isFree,
        isMoving,
        isSettling: startedMs - movedMs < settlingMs,
      };
    });
    const workers = assignable(reports, (report) => reportAges.isFresh(report));
    const silent = this.#silent.see(seen, reports);
    const balances = startedMs - this.#balancedMs >= FAILOVERS_PER_BALANCE * settings.failoverTimeMs;
    if (balances) this.#balancedMs = startedMs;
    const { maxLeasesForWorker } = settings;
    const moves = decide({ leases: seen, workers, silent, maxLeasesForWorker, balances });
    const given = new Set<string>();
    await inParallel(moves, MAX_IN_FLIGHT, async (move) => {
      if (mayLead() && (await this.#carryOut(move))) given.add(move.to);
    });
    await this.#endHandoffs(seen, workers, mayLead, given);
    await this.#forgetStale(reports);
    return given;
  }

  async #carryOut({ seen, to, how }: Move): Promise<boolean> {
    const { table, clock } = this.#options;
    const change: LeaseChange = { type: how, owner: to };
    const { type } = await table.update(seen.lease, change);
    // What was refused has changed since the look, and what is not known shows at the next.
    if (type !== "applied") return false;
    if (how === "hand-off") this.#settling.set(seen.lease.leaseKey, clock.monotonicNow());
    this.#tell(seen.lease, to, how);
    return true;
  }

  /** Old owners that were given their time and still hold on: the next one gets the lease all the same. */
  async #endHandoffs(
    seen: readonly SeenLease[],
    workers: readonly WorkerReport[],
    mayLead: () => boolean,
    given: Set<string>,
  ): Promise<void> {
    const { clock, settings, timings } = this.#options;
    const patienceMs = timings.handoffMs + settings.failoverTimeMs;
    const nowMs = clock.monotonicNow();
    const active = new Set(workers.map(({ workerId }) => workerId));
    const overdue = seen.filter(({ lease, isMoving }) => {
      const handoff = this.#handoffs.get(lease.leaseKey);
      if (!isMoving || handoff === undefined || isEnded(lease)) return false;
      return nowMs - handoff.sinceMs > patienceMs;
    });
    await inParallel(overdue, MAX_IN_FLIGHT, async ({ lease, owner }) => {
      // The next owner may have died meanwhile: then the old one, who still renews, keeps it.
      const to = lease.owner !== undefined && active.has(lease.owner) ? lease.owner : owner;
      if (to !== undefined && mayLead() && (await this.#force(lease, to))) given.add(to);
    });
  }

  async #force(lease: Lease, to: string): Promise<boolean> {
    const { table } = this.#options;
    for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
      const row = await table.get(lease.leaseKey);
      if (row?.owner !== lease.owner || row?.checkpointOwner !== lease.checkpointOwner || row === undefined)
        return false;
      const { type } = await table.update(row, { type: "assign", owner: to });
      if (type === "applied") {
        this.#tell(row, to, "assign");
        return true;
      }
      if (type !== "refused") return false;
    }
    return false;
  }

  #tell(lease: Lease, to: string, how: Move["how"]): void {
    const from = lease.checkpointOwner ?? lease.owner;
    this.#options.observe({
      type: "lease-assign",
      shardId: lease.leaseKey,
      from,
      to,
      handoff: how === "hand-off",
    });
  }

  #seeHandoffs(leases: readonly Lease[], nowMs: number): void {
    const handoffs = new Map<string, Handoff>();
    for (const { leaseKey, owner: to, checkpointOwner: from } of leases) {
      if (from === undefined || to === undefined) continue;
      const before = this.#handoffs.get(leaseKey);
      const isSame = before?.from === from && before.to === to;
      handoffs.set(leaseKey, isSame ? before : { from, to, sinceMs: nowMs });
    }
    this.#handoffs = handoffs;
    const keys = new Set(leases.map(({ leaseKey }) => leaseKey));
    for (const leaseKey of this.#settling.keys()) if (!keys.has(leaseKey)) this.#settling.delete(leaseKey);
  }

  async #forgetStale(reports: readonly WorkerReport[]): Promise<void> {
    const { fleet, clock, timings, reportAges } = this.#options;
    const staleS = (clock.now() - timings.reportStaleMs) / 1_000;
    const stale = reports.filter((report) => {
      const { updatedS, isOurs } = report;
      if (reportAges.isFresh(report)) return false;
      // Ours have a new name at each start: one that was killed never reports again, and a fleet that crashes all day would fill the table.
      if (isOurs && reportAges.unchangedMs(report) > timings.ownReportStaleMs) return true;
      return updatedS === undefined || updatedS < staleS;
    });
    await inParallel(stale, MAX_IN_FLIGHT, async (report) => {
      await fleet.forget(report);
    });
  }
}
