import {
  type Lease,
  type LeaseChange,
  type LeaseCheckpoint,
  type LeaseTable,
  memoryLeases,
  type NewLease,
  type WriteOutcome,
} from "@kinesis-connectors/consumer";
import { type FleetTable, leaseFrom, type MemoryFleet } from "@kinesis-connectors/leases";
import type { HoldChecker } from "../checks/hold-checker.js";
import type { LeaseChecker } from "../checks/lease-checker.js";
import type { FleetChecker } from "../checks/fleet-checker.js";
import { keysIn, storedBatchIn } from "../checks/stored-batch.js";
import { type BrokenLeases, BreakableTable } from "./breakable-table.js";
import { askLeases, leaseFailure } from "./lease-client.js";
import type { RowHistory } from "./row-history.js";
import type { Network } from "../world/network.js";
import type { SimProcess } from "../world/sim-process.js";

/** What a table has besides where KCL workers share it. */
export interface SharedWithKcl {
  readonly history: RowHistory;
  readonly checker: FleetChecker;
}

/** Calls other than conditional writes are made again so often, as the table over DynamoDB does. */
const MAX_ATTEMPTS = 8;

/** A lease table in memory behind the network: the product's own in-memory table carries the calls out. */
export class SimLeases {
  /** Told of the places that a process has just stored for a batch. */
  prepared: (process: SimProcess, keys: readonly string[]) => void = () => undefined;
  /** Told of each change of a row that was carried out. */
  applied: (process: SimProcess, leaseKey: string, change: LeaseChange) => void = () => undefined;
  readonly #leases = memoryLeases();
  readonly #table: LeaseTable = this.#leases.connect();
  readonly #network: Network;
  readonly #checker: LeaseChecker;
  readonly #holds: HoldChecker;
  readonly #breakable: BreakableTable;
  readonly #shared: SharedWithKcl | undefined;

  constructor(
    network: Network,
    checker: LeaseChecker,
    holds: HoldChecker,
    broken: BrokenLeases = {},
    shared?: SharedWithKcl,
  ) {
    this.#network = network;
    this.#checker = checker;
    this.#holds = holds;
    this.#breakable = new BreakableTable(this.#leases, broken, (before, change) =>
      checker.changed(before, change),
    );
    this.#shared = shared;
  }

  get rows(): ReadonlyMap<string, Lease> {
    return this.#leases.rows;
  }

  /** The rows beside the leases. */
  get fleet(): MemoryFleet {
    return this.#leases;
  }

  /** The rows as a read without ConsistentRead shows them: where KCL workers share the table, now and then a little behind. */
  behind(): ReadonlyMap<string, Lease> {
    return this.#shared?.history.behind() ?? this.rows;
  }

  /** A KCL worker creates a row, unless there is one. */
  createdByKcl(lease: NewLease): void {
    const { rows } = this.#leases;
    if (rows.has(lease.leaseKey)) return;
    rows.set(lease.leaseKey, leaseFrom(lease));
    this.#checker.created(lease);
    this.#shared?.history.note(rows);
  }

  deletedByKcl(leaseKey: string): void {
    const { rows } = this.#leases;
    rows.delete(leaseKey);
    this.#shared?.history.note(rows);
  }

  /** A KCL worker has written a row. */
  wroteByKcl(process: SimProcess, before: Lease, after: Lease): void {
    const { rows } = this.#leases;
    rows.set(after.leaseKey, this.#breakable.assigned(before, after));
    if (after.owner !== undefined && after.checkpointOwner === undefined && before.owner !== after.owner)
      this.#begins(after.leaseKey, after.owner);
    if (before.checkpoint !== after.checkpoint) this.#checker.committedByKcl(before, after.checkpoint);
    this.#shared?.checker.changed(process, before, after, true);
    this.#shared?.history.note(rows);
  }

  /** The table as one process sees it. */
  tableOf(process: SimProcess): LeaseTable {
    const table = this.#table;
    const ask = <Answer>(name: string, about: string, apply: () => Promise<Answer>): Promise<Answer> =>
      this.#ask(process, name, about, apply);
    return {
      open: () => ask("open", "", () => table.open()),
      list: async () => {
        const rows = await ask("list", "", () => this.#list());
        return rows.map((row) => this.#breakable.shown(row, this.#shared?.checker.ownerOf(process)));
      },
      get: async (leaseKey) => {
        const row = await ask("get", leaseKey, () => table.get(leaseKey));
        return row === undefined
          ? undefined
          : this.#breakable.shown(row, this.#shared?.checker.ownerOf(process));
      },
      create: (lease) =>
        ask("create", lease.leaseKey, async () => {
          const isNew = await table.create(lease);
          if (isNew) this.#checker.created(lease);
          this.#shared?.history.note(this.rows);
          return isNew;
        }),
      describe: (leaseKey, facts) =>
        ask("describe", leaseKey, () => table.describe(leaseKey, this.#breakable.facts(facts))),
      remove: (leaseKey) =>
        ask("remove", leaseKey, async () => {
          await table.remove(leaseKey);
          this.#shared?.history.note(this.rows);
        }),
      fleetMode: () => ask("fleetMode", "", () => table.fleetMode()),
      ...(this.#shared === undefined ? {} : { fleet: this.#fleetOf(process) }),
      update: (seen, change) =>
        this.#network.send<WriteOutcome>({
          process,
          to: "leases",
          name: nameOf(change),
          about: seen.leaseKey,
          apply: async () => {
            const before = this.rows.get(seen.leaseKey);
            const outcome = await this.#breakable.update(seen, change);
            if (outcome.type === "applied") {
              this.#tell(process, seen.leaseKey, change);
              const after = this.rows.get(seen.leaseKey);
              if (before !== undefined && after !== undefined)
                this.#shared?.checker.changed(process, before, after, false, change);
              this.#shared?.history.note(this.rows);
            }
            return outcome;
          },
          failed: (failure) => {
            return { type: failure === "throttled" ? "throttled" : "unknown", cause: leaseFailure(failure) };
          },
        }),
    };
  }

  async #list(): Promise<readonly Lease[]> {
    return this.#shared === undefined ? await this.#table.list() : [...this.behind().values()];
  }

  #fleetOf(process: SimProcess): FleetTable {
    const { fleet } = this.#table;
    if (fleet === undefined) throw new Error("the table in memory has no rows of a fleet");
    const ask = <Answer>(name: string, apply: () => Promise<Answer>): Promise<Answer> =>
      this.#ask(process, name, "", apply);
    return {
      changeMode: (change) => ask("changeMode", () => fleet.changeMode(change)),
      tableMigration: () => ask("tableMigration", () => fleet.tableMigration()),
      report: (workerId, updatedS, measures) =>
        ask("report", async () => {
          if (!this.#breakable.losesReports) await fleet.report(workerId, updatedS, measures);
        }),
      retract: (workerId) => ask("retract", () => fleet.retract(workerId)),
      reports: () => ask("reports", () => fleet.reports()),
      forget: (seen) => ask("forget", () => fleet.forget(seen)),
      lock: () => ask("lock", () => fleet.lock()),
      takeLock: (mine, seen) => ask("takeLock", () => fleet.takeLock(mine, seen)),
      keepLock: (mine, version) => ask("keepLock", () => fleet.keepLock(mine, version)),
      releaseLock: (mine) => ask("releaseLock", () => fleet.releaseLock(mine)),
      assignedTo: (workerId) =>
        ask("assignedTo", () => {
          const owned = [...this.behind().values()].filter(({ owner }) => owner === workerId);
          return Promise.resolve(owned.map(({ leaseKey }) => leaseKey));
        }),
      hasIndex: () => ask("hasIndex", () => fleet.hasIndex()),
    };
  }

  /** Somebody changes the checkpoint of a row by hand, past every condition, and raises its counter. */
  changeByHand(leaseKey: string, checkpoint: LeaseCheckpoint): void {
    const { rows } = this.#leases;
    const before = rows.get(leaseKey);
    if (before === undefined) return;
    rows.set(leaseKey, { ...before, checkpoint, counter: before.counter + 1 });
    this.#checker.changed(before, { type: "reset", checkpoint });
  }

  #tell(process: SimProcess, leaseKey: string, change: LeaseChange): void {
    this.applied(process, leaseKey, change);
    this.#holds.applied(process, leaseKey, change);
    if (change.type === "assign") this.#begins(leaseKey, change.owner);
    if (change.type !== "prepare") return;
    const stored = storedBatchIn(change.pending.state);
    if (stored !== undefined) this.prepared(process, keysIn(stored));
  }

  /** Others count from the moment at which a lease was given to a worker of ours, and so does that one. */
  #begins(leaseKey: string, owner: string): void {
    const to = this.#shared?.checker.processOf(owner);
    // A KCL worker has its own name, and reads on for longer than ours may.
    if (to !== undefined && to.name !== owner) this.#holds.applied(to, leaseKey, { type: "take", owner });
  }

  async #ask<Answer>(
    process: SimProcess,
    name: string,
    about: string,
    apply: () => Promise<Answer>,
  ): Promise<Answer> {
    return await askLeases(this.#network, { process, name, about, attempts: MAX_ATTEMPTS, apply });
  }
}

/** `prepare`, `commit`, `shard-end` and so on: the steps that crash points name. */
function nameOf(change: LeaseChange): string {
  return change.type === "commit" && change.checkpoint === "SHARD_END" ? "shard-end" : change.type;
}
