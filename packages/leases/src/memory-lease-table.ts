import type { MaybePromise } from "@kinesis-connectors/core";
import { type FleetOperation, type MemoryFleet, memoryFleetTable } from "./fleet/memory-fleet.js";
import { type Lease, leaseFrom } from "./lease.js";
import {
  changed,
  described,
  isAsSeen,
  type LeaseChange,
  type LeaseTable,
  type WriteOutcome,
} from "./lease-table.js";

/** One call on an in-memory table, before it is carried out. */
export interface TableCall {
  readonly operation:
    | "open"
    | "list"
    | "get"
    | "create"
    | "update"
    | "describe"
    | "remove"
    | "fleetMode"
    | FleetOperation;
  readonly leaseKey?: string;
  readonly change?: LeaseChange;
}

/**
 * A fault of a call. For updates: `throttle` is not carried out, `fail` neither but the caller cannot know,
 * `lose-reply` is carried out and the caller cannot know, `late` is carried out (if its condition still holds) once `when` settles and
 * the caller cannot know, `repeat` is carried out and sent once more, as a client does whose first answer was lost. For other calls
 * every fault is an error.
 */
export type TableFault =
  | { readonly type: "throttle" | "fail" | "lose-reply" | "repeat" }
  | { readonly type: "late"; readonly when: Promise<void> };

/** Decides what goes wrong with a call; may take its time, as a slow network does. */
export type Intercept = (call: TableCall) => MaybePromise<TableFault | undefined>;

/** Rows in memory, shared by the tables connected to it: for tests, simulations, and trying a pipeline without DynamoDB. */
export interface MemoryLeases extends MemoryFleet {
  /** A table of one worker. */
  readonly connect: (intercept?: Intercept) => LeaseTable;
  readonly rows: Map<string, Lease>;
}

/** An empty in-memory lease table. */
export function memoryLeases(): MemoryLeases {
  const rows = new Map<string, Lease>();
  let opened = false;

  function apply(seen: Lease, change: LeaseChange): WriteOutcome {
    const row = rows.get(seen.leaseKey);
    if (row === undefined || !isAsSeen(row, seen, change)) return { type: "refused" };
    rows.set(seen.leaseKey, changed(row, change));
    return { type: "applied" };
  }

  function connect(intercept: Intercept = () => undefined): LeaseTable {
    const before = async (call: TableCall): Promise<void> => {
      const fault = await intercept(call);
      if (fault !== undefined) throw new Error(`the in-memory lease table was told to fail (${fault.type})`);
    };
    return {
      open: async () => {
        await before({ operation: "open" });
        const created = !opened;
        opened = true;
        return { created };
      },
      list: async () => {
        await before({ operation: "list" });
        return [...rows.values()];
      },
      get: async (leaseKey) => {
        await before({ operation: "get", leaseKey });
        return rows.get(leaseKey);
      },
      create: async (lease) => {
        await before({ operation: "create", leaseKey: lease.leaseKey });
        if (rows.has(lease.leaseKey)) return false;
        rows.set(lease.leaseKey, leaseFrom(lease));
        return true;
      },
      update: async (seen, change) => {
        const fault = await intercept({ operation: "update", leaseKey: seen.leaseKey, change });
        if (fault === undefined) return apply(seen, change);
        const cause = new Error(`the in-memory lease table was told to ${fault.type}`);
        switch (fault.type) {
          case "throttle":
            return { type: "throttled", cause };
          case "fail":
            return { type: "unknown", cause };
          case "lose-reply":
            apply(seen, change);
            return { type: "unknown", cause };
          case "repeat":
            apply(seen, change);
            return apply(seen, change);
          default:
            void fault.when.then(() => apply(seen, change));
            return { type: "unknown", cause };
        }
      },
      describe: async (leaseKey, facts) => {
        await before({ operation: "describe", leaseKey });
        const row = rows.get(leaseKey);
        if (row === undefined) return false;
        rows.set(leaseKey, described(row, facts));
        return true;
      },
      remove: async (leaseKey) => {
        await before({ operation: "remove", leaseKey });
        rows.delete(leaseKey);
      },
      fleetMode: async () => {
        await before({ operation: "fleetMode" });
        return leases.fleetMode;
      },
      fleet: memoryFleetTable(leases, rows, (operation) => before({ operation })),
    };
  }

  const leases: MemoryLeases = {
    connect,
    rows,
    fleetMode: undefined,
    tableMigration: undefined,
    reports: new Map(),
    leaderLock: undefined,
    hasIndex: true,
  };
  return leases;
}
