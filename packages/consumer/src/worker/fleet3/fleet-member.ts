import {
  asError,
  type Clock,
  errorFields,
  KinesisConnectorError,
  type Logger,
  type Random,
} from "@kinesis-connectors/core";
import type { FleetTable, Lease, LeaseTable } from "@kinesis-connectors/leases";
import type { LeaseAges } from "../taking/lease-ages.js";
import type { LeaseSettings } from "../lease-settings.js";
import type { Taking } from "../taking/lease-taker.js";
import type { Loop } from "../loop.js";
import type { StartLoop } from "../steps.js";
import type { WorkerEvent } from "../worker-events.js";
import { inParallel } from "../in-parallel.js";
import { ReportAges } from "./assignment/report-ages.js";
import { Leadership } from "./leadership.js";
import { CpuReport } from "./cpu/cpu-report.js";
import type { MeasureCpu } from "./cpu/measure-cpu.js";
import { isLed, isReporting, MODE } from "./modes.js";
import type { FleetTimings } from "./timings.js";
import { UpgradeWatch } from "./upgrade-watch.js";

/**
 * The part of a worker in its fleet. `peer`: all take what falls to them (2.x). `follower`: a leader assigns (3.x), and this worker reports to it.
 * `passenger`: a leader assigns, and this worker does not take part: it keeps what it has.
 */
export type FleetRole = "peer" | "follower" | "passenger";

export interface FleetMemberOptions {
  readonly table: LeaseTable;
  readonly ownerId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly observe: (event: WorkerEvent) => void;
  readonly settings: LeaseSettings;
  readonly timings: FleetTimings;
  readonly ages: LeaseAges;
  readonly loop: StartLoop;
  /** Undefined: this worker measures nothing. */
  readonly measureCpu?: MeasureCpu;
  /** Takes up leases that the leader has given to this worker. */
  readonly adopt: (leases: readonly Lease[], seenMs: number) => Promise<void>;
  readonly busy: () => ReadonlySet<string>;
  /** Given rows as a look shows them: an operator's wishes stand in them. */
  readonly looked: (leases: readonly Lease[]) => void;
}

/** Many leases may be given at once, and each has to be renewed within the failover time. */
const MAX_IN_FLIGHT = 20;

/** A worker as a member of a fleet: follows the fleet's mode, reports, takes up what it is given, and leads where it falls to it. */
export class FleetMember {
  readonly #options: FleetMemberOptions;
  readonly #fleet: FleetTable | undefined;
  readonly #leadership: Leadership | undefined;
  readonly #upgrade: UpgradeWatch | undefined;
  readonly #cpu: CpuReport | undefined;
  #mode: string | undefined;
  #role: FleetRole = "peer";
  /** What keeps this worker from taking part, where something does: a right that is missing, say. */
  #lack: string | undefined;
  #loops: ReadonlyMap<string, Loop> = new Map();
  #hasBegun = false;
  #isLeaving = false;

  constructor(options: FleetMemberOptions) {
    this.#options = options;
    this.#fleet = options.settings.mode === "2x" ? undefined : options.table.fleet;
    const fleet = this.#fleet;
    if (fleet === undefined) return;
    const { clock, timings } = options;
    const reportAges = new ReportAges({ clock, expiryMs: timings.reportExpiryMs });
    this.#cpu = new CpuReport({ ...options, fleet });
    this.#upgrade = new UpgradeWatch({ ...options, fleet, reportAges });
    this.#leadership = new Leadership({
      ...options,
      fleet,
      reportAges,
      isLeaving: () => this.#isLeaving || !isLed(this.#mode),
      given: (workers) => {
        if (workers.has(options.ownerId)) this.#runSoon("discover");
      },
    });
  }

  /** What this worker may take by itself. */
  get taking(): Taking {
    return isLed(this.#mode) ? "orphans" : "share";
  }

  /** Whether a leader wants to know what is read of each shard. */
  get tellsThroughput(): boolean {
    return this.#fleet !== undefined && isReporting(this.#mode);
  }

  /** Whether this worker leads the fleet; undefined where no lock decides that. */
  get leads(): boolean | undefined {
    if (!isLed(this.#mode)) return undefined;
    return this.#leadership?.isLeader === true;
  }

  /** Before anything is taken: finds the mode, or sets it where this worker was asked to. A table that cannot be used for it is an error. */
  async start(): Promise<void> {
    const { settings, ownerId, clock, logger } = this.#options;
    if (settings.mode === "3x") {
      const fleet = this.#fleet;
      if (fleet === undefined)
        throw new KinesisConnectorError(
          "KC_OPTION_INVALID",
          'leases.mode "3x" needs a lease table with the rows of a fleet, and leaseTable has none: leave leases.mode out, or use a DynamoDB table',
        );
      const mode = await this.#options.table.fleetMode();
      // As a KCL worker that is configured for 3.x: a new fleet begins with it, one that could still go back no longer can.
      if (mode === undefined || mode === MODE.withRollback)
        await fleet.changeMode({ from: mode, to: MODE.full, by: ownerId, nowMs: clock.now() });
    }
    await this.watch(true);
    if (settings.mode === "3x" && !isLed(this.#mode))
      logger.warn(
        { mode: this.#mode },
        'fleet-mode: leases.mode is "3x", and the fleet is not in 3.x mode: its row Migration3.0 says which, and a KCL worker or operator wrote it; finish ' +
          "the upgrade, or delete that row while no worker runs",
      );
  }

  /** The worker has started: from now on leases are taken up. */
  begin(): void {
    this.#hasBegun = true;
    if (this.#fleet !== undefined && isReporting(this.#mode) && this.#lack === undefined)
      this.#startLoops(this.#fleet);
  }

  /** One look at the mode of the fleet. */
  async watch(isStart = false): Promise<void> {
    const mode = await this.#options.table.fleetMode();
    const fleet = this.#fleet;
    if (fleet !== undefined && isReporting(mode)) await this.#join(fleet, isStart);
    this.#become(mode);
    if (mode === MODE.upgrading && this.#role === "peer" && this.#lack === undefined) {
      if ((await this.#upgrade?.step()) === true) this.#become(await this.#options.table.fleetMode());
    } else this.#upgrade?.reset();
  }

  /** Leaves the fleet: no report, no lock. The loops have ended, or end with this. */
  async leave(): Promise<void> {
    const { ownerId, logger } = this.#options;
    this.#isLeaving = true;
    await Promise.all([...this.#loops.values()].map(async (loop) => await loop.stop()));
    if (!isReporting(this.#mode) || this.#fleet === undefined) return;
    try {
      await this.#leadership?.resign();
      await this.#fleet.retract(ownerId);
    } catch (thrown) {
      logger.warn(
        errorFields(asError(thrown)),
        "this worker's report or lock could not be taken back: both run out by themselves, and the fleet waits for that",
      );
    }
  }

  /** Looks where the fleet's rows lie, and reports if it does not yet, or if something was missing for it. */
  async #join(fleet: FleetTable, isStart: boolean): Promise<void> {
    if (this.#isLeaving) return;
    try {
      this.#leadership?.seeTableMigration(await fleet.tableMigration());
      if (this.#loops.size > 0 && this.#lack === undefined) return;
      await this.#report(fleet);
      this.#lack = undefined;
      if (this.#hasBegun) this.#startLoops(fleet);
    } catch (thrown) {
      if (isStart && this.#options.settings.mode === "3x") throw thrown;
      this.#miss(thrown);
    }
  }

  /** What no waiting mends makes a passenger of this worker until it is there; the fleet and its leases go on. */
  #miss(thrown: unknown): void {
    if (!KinesisConnectorError.isInstance(thrown)) throw thrown;
    if (this.#lack !== thrown.message)
      this.#options.logger.warn(
        { ...errorFields(thrown), reason: thrown.message },
        "this worker cannot take part in the fleet's 3.x mode; it tries again each minute",
      );
    this.#lack = thrown.message;
  }

  async #report(fleet: FleetTable): Promise<void> {
    const { ownerId, clock } = this.#options;
    await fleet.report(ownerId, Math.floor(clock.now() / 1_000), await this.#cpu?.next());
    // Stopped while this was under way: the fleet must not wait for a worker that has gone.
    if (this.#isLeaving) await fleet.retract(ownerId);
    else await this.#cpu?.look();
  }

  #startLoops(fleet: FleetTable): void {
    if (this.#loops.size > 0 || this.#isLeaving) return;
    const { loop, settings, timings } = this.#options;
    const { failoverTimeMs } = settings;
    // A quarter of the KCL's pause: as workers in 2.x mode look for what they may take, so that an owner that died is missed as soon.
    const leadMs = Math.min(failoverTimeMs / 2, Math.floor(timings.lockLeaseMs / 3));
    const when =
      (isMode: (mode: string | undefined) => boolean, step: () => Promise<void>) =>
      async (): Promise<void> => {
        if (!this.#isLeaving && isMode(this.#mode) && this.#lack === undefined) await step();
      };
    const discoverMs = Math.min(failoverTimeMs / 2, settings.takePeriodMs);
    const report = async (): Promise<void> => {
      try {
        await this.#report(fleet);
      } catch (thrown) {
        this.#miss(thrown);
        this.#become(this.#mode);
      }
    };
    const discover = (): Promise<void> => this.#discover(fleet);
    const lead = async (): Promise<void> => await this.#leadership?.step();
    this.#loops = new Map([
      ["report", loop("fleet-report", timings.reportMs, () => timings.reportMs, when(isReporting, report))],
      ["discover", loop("fleet-discover", 0, () => discoverMs, when(isLed, discover))],
      ["lead", loop("fleet-lead", 0, () => leadMs, when(isLed, lead))],
    ]);
  }

  #runSoon(name: "discover" | "lead"): void {
    this.#loops.get(name)?.runSoon();
  }

  async #discover(fleet: FleetTable): Promise<void> {
    const { table, ownerId, clock, busy, adopt, looked } = this.#options;
    const keys = (await fleet.assignedTo(ownerId)) ?? (await this.#listed());
    const unknown = keys.filter((key) => !busy().has(key));
    const seenMs = clock.monotonicNow();
    const leases: Lease[] = [];
    await inParallel(unknown, MAX_IN_FLIGHT, async (key) => {
      // The index lags behind: the row itself says whose it is, and whether the old owner has let go.
      const row = await table.get(key);
      if (row?.owner === ownerId && row.checkpointOwner === undefined) leases.push(row);
    });
    if (leases.length > 0 && this.taking === "orphans") await adopt(leases, seenMs);
    // The look at all rows is seldom where a leader assigns, and the index holds keys alone.
    await inParallel([...busy()], MAX_IN_FLIGHT, async (key) => {
      const row = await table.get(key);
      if (row !== undefined) looked([row]);
    });
  }

  /** Without an index of owners. */
  async #listed(): Promise<readonly string[]> {
    const { table, ownerId } = this.#options;
    return (await table.list()).filter(({ owner }) => owner === ownerId).map(({ leaseKey }) => leaseKey);
  }

  #become(mode: string | undefined): void {
    const role: FleetRole = !isLed(mode)
      ? "peer"
      : this.#fleet === undefined || this.#lack !== undefined
        ? "passenger"
        : "follower";
    if (mode === this.#mode && role === this.#role) return;
    const { observe, logger } = this.#options;
    const wasLed = isLed(this.#mode);
    this.#mode = mode;
    this.#role = role;
    observe({ type: "fleet-mode", mode, taking: role === "peer", role });
    if (role === "passenger")
      logger.warn(
        { mode },
        "fleet-mode: a leader assigns the leases of this application (KCL 3.x), and this worker takes no part: it takes no more leases than those that " +
          "nobody renews" +
          (this.#lack === undefined
            ? '; set leases.mode to "auto", or roll the fleet back to 2.x mode'
            : "; see the warning before this one"),
      );
    else if (role === "follower" && !wasLed)
      logger.info({ mode }, "fleet-mode: a leader assigns the leases of this application (KCL 3.x)");
    if (isLed(mode)) {
      this.#runSoon("discover");
      this.#runSoon("lead");
    } else void this.#leadership?.resign().catch(() => undefined);
  }
}
