import type { Clock, Logger } from "@kinesis-connectors/core";
import type { FleetTable, LeaseTable } from "@kinesis-connectors/leases";
import { electedLeader } from "../leader.js";
import type { ReportAges } from "./assignment/report-ages.js";
import { MODE } from "./modes.js";
import type { FleetTimings } from "./timings.js";

export interface UpgradeWatchOptions {
  readonly table: LeaseTable;
  readonly fleet: FleetTable;
  readonly ownerId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timings: FleetTimings;
  readonly reportAges: ReportAges;
}

/**
 * A fleet that is being upgraded from 2.x switches by itself once every owner of a lease has reported for ten minutes and the index of owners is there. The
 * worker that the fleet elects sees to it (KCL `MigrationReadyMonitor`); where that is one of ours, the upgrade would never end without this.
 */
export class UpgradeWatch {
  readonly #options: UpgradeWatchOptions;
  #readySinceMs: number | undefined;

  constructor(options: UpgradeWatchOptions) {
    this.#options = options;
  }

  /** One look. Resolves with whether the fleet was switched by it. */
  async step(): Promise<boolean> {
    const { table, fleet, ownerId, clock, logger, timings, reportAges } = this.#options;
    const leases = await table.list();
    if (leases.length === 0 || electedLeader(leases) !== ownerId || !(await fleet.hasIndex())) {
      this.reset();
      return false;
    }
    const reports = await fleet.reports();
    reportAges.see(reports);
    const reporting = new Set(
      reports.filter((report) => reportAges.isFresh(report)).map(({ workerId }) => workerId),
    );
    // A lease that nobody owns keeps it back too: its next owner may be one that does not report.
    if (!leases.every(({ owner }) => owner !== undefined && reporting.has(owner))) {
      this.reset();
      return false;
    }
    this.#readySinceMs ??= clock.monotonicNow();
    if (clock.monotonicNow() - this.#readySinceMs < timings.upgradeStableMs) return false;
    this.reset();
    const { upgrading: from, withRollback: to } = MODE;
    if (!(await fleet.changeMode({ from, to, by: ownerId, nowMs: clock.now() }))) return false;
    logger.info(
      { from, to },
      "fleet-mode: all owners of leases have reported, the fleet goes over to 3.x mode",
    );
    return true;
  }

  reset(): void {
    this.#readySinceMs = undefined;
  }
}
