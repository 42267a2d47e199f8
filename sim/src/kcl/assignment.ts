import type { Lease } from "@kinesis-connectors/consumer";
import type { WorkerReport } from "@kinesis-connectors/leases";
import type { SeededRandom } from "../world/random.js";
import type { SimProcess } from "../world/sim-process.js";
import { CountDecider, VarianceDecider } from "./deciders.js";
import { FleetLoads, type ViewedLease } from "./fleet-loads.js";
import type { KclTable } from "./kcl-table.js";
import type { KclLeaderLock } from "./leader-lock.js";
import { actualOwner, isEnded } from "./rows.js";
import { HANDOFF_MS, type KclTimes, REPORT_EXPIRY_MS } from "./times.js";

export interface AssignmentOptions {
  readonly process: SimProcess;
  readonly table: KclTable;
  readonly lock: KclLeaderLock;
  readonly times: KclTimes;
  readonly random: SeededRandom;
  readonly strategy: "variance" | "count";
}

const RUNS_PER_BALANCE = 3;
const MAX_FAILURES = 3;

/** `LeaseAssignmentManager`: what the leader of a fleet of KCL workers does every two failover times. */
export class Assignment {
  readonly #options: AssignmentOptions;
  #before: ReadonlyMap<string, ViewedLease> = new Map();
  #wasLeader = false;
  #runs = 0;
  #failures = 0;

  constructor(options: AssignmentOptions) {
    this.#options = options;
  }

  async step(): Promise<void> {
    const { lock } = this.#options;
    try {
      if (!(await lock.isLeader())) {
        this.#wasLeader = false;
        return;
      }
      if (!this.#wasLeader) {
        this.#wasLeader = true;
        this.#runs = 0;
        this.#failures = 0;
        this.#before = new Map();
      }
      await this.#assign();
      this.#failures = 0;
    } catch (thrown) {
      this.#failures += 1;
      if (this.#failures >= MAX_FAILURES) await lock.release();
      throw thrown;
    }
  }

  async #assign(): Promise<void> {
    const { process, table, strategy, random } = this.#options;
    const [rows, reports] = await Promise.all([table.list(), table.reports()]);
    const scannedMs = process.clock.monotonicNow();
    const known = rows.flatMap(({ throughputKBps }) => throughputKBps ?? []);
    const averageKBps = known.length === 0 ? 0 : known.reduce((sum, one) => sum + one, 0) / known.length;
    const leases = rows.map((row) => this.#view(row, scannedMs, averageKBps));
    this.#before = new Map(leases.map((lease) => [lease.row.leaseKey, lease]));
    const loads = new FleetLoads(
      leases,
      reports.filter((report) => this.#isActive(report)),
      averageKBps,
    );
    const decider = strategy === "variance" ? new VarianceDecider(loads, random) : new CountDecider(loads);
    const free = leases.filter(({ isFree }) => isFree).toSorted((a, b) => a.lastIncMs - b.lastIncMs);
    decider.assignFree(free);
    if (this.#runs === 0) decider.balance();
    this.#runs = (this.#runs + 1) % RUNS_PER_BALANCE;
    const nowMs = process.clock.monotonicNow();
    await Promise.all(
      [...loads.assigned].map(async ([lease, to]) => {
        const { row, isFree, handoffUntilMs } = lease;
        const isMoving = row.checkpointOwner !== undefined;
        const isBlocked = !isFree && !isEnded(row) && isMoving && nowMs < (handoffUntilMs ?? 0);
        if (isBlocked) return;
        if (!isFree && !isEnded(row) && !isMoving) await table.handOff(row, to);
        else await table.assign(row, to);
      }),
    );
  }

  #view(row: Lease, nowMs: number, averageKBps: number): ViewedLease {
    const { failoverMs } = this.#options.times;
    const before = this.#before.get(row.leaseKey);
    let lastIncMs = nowMs;
    if (before === undefined) lastIncMs = actualOwner(row) === undefined ? Number.NEGATIVE_INFINITY : nowMs;
    // A counter that went down does not count as a sign of life (K06).
    else if (row.counter <= before.row.counter) ({ lastIncMs } = before);
    const isSame = before?.row.owner === row.owner && before?.row.checkpointOwner === row.checkpointOwner;
    return {
      row,
      lastIncMs,
      handoffUntilMs:
        row.checkpointOwner === undefined
          ? undefined
          : isSame
            ? before?.handoffUntilMs
            : nowMs + HANDOFF_MS + failoverMs,
      isFree: actualOwner(row) === undefined || nowMs - lastIncMs > failoverMs,
      throughputKBps: row.throughputKBps ?? averageKBps,
    };
  }

  #isActive({ updatedS }: WorkerReport): boolean {
    const nowS = this.#options.process.clock.now() / 1_000;
    return updatedS !== undefined && nowS - updatedS <= REPORT_EXPIRY_MS / 1_000;
  }
}
