import type { Lease } from "../lease.js";
import type { FleetTable, LeaderLock, WorkerReport } from "./fleet-table.js";

/** The rows of a fleet beside its leases, in memory. */
export interface MemoryFleet {
  /** The `cv` of the row `Migration3.0`; undefined when there is no such row. */
  fleetMode: string | undefined;
  /** The `tm` of the row `TableMigration3.5`; undefined when there is no such row. */
  tableMigration: string | undefined;
  /** By the worker's name. */
  readonly reports: Map<string, WorkerReport>;
  leaderLock: LeaderLock | undefined;
  /** Whether leases can be asked for by their owner. */
  hasIndex: boolean;
}

/** The calls on the rows of a fleet. */
export type FleetOperation = keyof FleetTable;

/** The rows of a fleet, as a table of one worker shows them. `before` is told of each call, and its rejection fails the call. */
export function memoryFleetTable(
  fleet: MemoryFleet,
  rows: ReadonlyMap<string, Lease>,
  before: (operation: FleetOperation) => Promise<void>,
): FleetTable {
  const isMine = (mine: LeaderLock): boolean =>
    fleet.leaderLock?.ownerId === mine.ownerId && fleet.leaderLock.version === mine.version;
  return {
    changeMode: async ({ from, to }) => {
      await before("changeMode");
      if (fleet.fleetMode !== from) return false;
      fleet.fleetMode = to;
      return true;
    },
    tableMigration: async () => {
      await before("tableMigration");
      const { tableMigration } = fleet;
      return tableMigration === "TABLE_MIGRATION_STATUS_COMPLETE" ? undefined : tableMigration;
    },
    report: async (workerId, updatedS, { metrics, limits } = { metrics: {}, limits: {} }) => {
      await before("report");
      const report = { workerId, updatedS, metrics, limits, isOurs: true } as const;
      fleet.reports.set(workerId, { ...report, place: "lease-table" });
    },
    retract: async (workerId) => {
      await before("retract");
      fleet.reports.delete(workerId);
    },
    reports: async () => {
      await before("reports");
      return [...fleet.reports.values()];
    },
    forget: async (seen) => {
      await before("forget");
      if (fleet.reports.get(seen.workerId)?.updatedS !== seen.updatedS) return false;
      return fleet.reports.delete(seen.workerId);
    },
    lock: async () => {
      await before("lock");
      return fleet.leaderLock;
    },
    takeLock: async (mine, seen) => {
      await before("takeLock");
      const { leaderLock } = fleet;
      if (leaderLock?.version !== seen?.version || leaderLock?.isReleased !== seen?.isReleased) return false;
      fleet.leaderLock = mine;
      return true;
    },
    keepLock: async (mine, version) => {
      await before("keepLock");
      if (!isMine(mine)) return false;
      fleet.leaderLock = { ...mine, version };
      return true;
    },
    releaseLock: async (mine) => {
      await before("releaseLock");
      if (isMine(mine)) fleet.leaderLock = undefined;
    },
    assignedTo: async (workerId) => {
      await before("assignedTo");
      if (!fleet.hasIndex) return undefined;
      return [...rows.values()].filter(({ owner }) => owner === workerId).map(({ leaseKey }) => leaseKey);
    },
    hasIndex: async () => {
      await before("hasIndex");
      return fleet.hasIndex;
    },
  };
}
