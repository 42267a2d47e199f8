import { backoffMs, sleep } from "@kinesis-connectors/core";
import {
  type Lease,
  type LeaseChange,
  type LeaseCheckpoint,
  type LeaseFacts,
  type LeaseTable,
  memoryLeases,
  type NewLease,
  type WriteOutcome,
} from "@kinesis-connectors/consumer";
import { changed, type FleetTable, leaseFrom, type MemoryFleet } from "@kinesis-connectors/leases";
import { failureError } from "../world/call-error.js";
import type { HoldChecker } from "../checks/hold-checker.js";
import type { LeaseChecker } from "../checks/lease-checker.js";
import type { FleetChecker } from "../checks/fleet-checker.js";
import { keysIn, storedBatchIn } from "../checks/stored-batch.js";
import { RowHistory } from "./row-history.js";
import type { Network } from "../world/network.js";
import type { SimProcess } from "../world/sim-process.js";

/** What a table does wrong on purpose, to see that it is noticed. */
export interface BrokenLeases {
  /** The change that is applied instead. */
  readonly change?: (change: LeaseChange) => LeaseChange;
  /** Whether conditions are ignored: all, or those of a reset. */
  readonly isUnconditional?: boolean;
  readonly resetsUnconditionally?: boolean;
  /** Whether a take forgets what was prepared. */
  readonly takesDiscard?: boolean;
  /** Whether a row that somebody else has changed is taken for a renewal that went through. */
  readonly believesForeignRows?: boolean;
  /** Whether a pause counts as done as soon as it is asked for. */
  readonly pausesAtOnce?: boolean;
  /** Whether a lease that is given back counts as delivered what was only prepared. */
  readonly evictsCommit?: boolean;
  /** Whether an owner is not told that the leader has named another one. */
  readonly hidesHandoffs?: boolean;
  /** Whether the next owner is not told that the old one has not let go yet. */
  readonly hidesOldOwners?: boolean;
  /** Whether a leader's writes look at nothing. */
  readonly assignsUnconditionally?: boolean;
  /** Whether reports of workers never arrive. */
  readonly losesReports?: boolean;
  /** Whether what was prepared is gone once a lease is given to another worker. */
  readonly assignsDiscard?: boolean;
}

/** What a table has besides where KCL workers share it. */
export interface SharedWithKcl {
  readonly history: RowHistory;
  readonly checker: FleetChecker;
}

/** Calls other than conditional writes are made again so often, as the table over DynamoDB does. */
const MAX_ATTEMPTS = 8;
const BACK_OFF = { baseDelayMs: 50, maxDelayMs: 1_000 } as const;

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
  readonly #broken: BrokenLeases;
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
    this.#broken = broken;
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
    const isDiscarded = this.#broken.assignsDiscard === true && before.owner !== after.owner;
    rows.set(after.leaseKey, isDiscarded ? { ...after, pending: undefined } : after);
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
      this.#patiently(process, name, about, apply);
    return {
      open: () => ask("open", "", () => table.open()),
      list: async () => {
        const rows = await ask("list", "", () => this.#list());
        return rows.map((row) => this.#shown(process, row));
      },
      get: async (leaseKey) => {
        const row = await ask("get", leaseKey, () => table.get(leaseKey));
        return row === undefined ? undefined : this.#shown(process, row);
      },
      create: (lease) =>
        ask("create", lease.leaseKey, async () => {
          const isNew = await table.create(lease);
          if (isNew) this.#checker.created(lease);
          this.#shared?.history.note(this.rows);
          return isNew;
        }),
      describe: (leaseKey, facts) =>
        ask("describe", leaseKey, () =>
          table.describe(leaseKey, this.#broken.pausesAtOnce === true ? done(facts) : facts),
        ),
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
            const outcome = await this.#update(seen, change);
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
            const cause = failureError(failure, "ProvisionedThroughputExceededException", 400);
            return { type: failure === "throttled" ? "throttled" : "unknown", cause };
          },
        }),
    };
  }

  async #list(): Promise<readonly Lease[]> {
    return this.#shared === undefined ? await this.#table.list() : [...this.behind().values()];
  }

  /** A row as a process gets to see it. */
  #shown(process: SimProcess, row: Lease): Lease {
    const me = this.#shared?.checker.ownerOf(process);
    const { owner, checkpointOwner } = row;
    if (me === undefined || checkpointOwner === undefined) return row;
    if (checkpointOwner === me && this.#broken.hidesHandoffs === true)
      return { ...row, owner: me, checkpointOwner: undefined };
    if (owner === me && this.#broken.hidesOldOwners === true) return { ...row, checkpointOwner: undefined };
    return row;
  }

  #fleetOf(process: SimProcess): FleetTable {
    const { fleet } = this.#table;
    if (fleet === undefined) throw new Error("the table in memory has no rows of a fleet");
    const ask = <Answer>(name: string, apply: () => Promise<Answer>): Promise<Answer> =>
      this.#patiently(process, name, "", apply);
    return {
      changeMode: (change) => ask("changeMode", () => fleet.changeMode(change)),
      tableMigration: () => ask("tableMigration", () => fleet.tableMigration()),
      report: (workerId, updatedS, measures) =>
        ask("report", async () => {
          if (this.#broken.losesReports !== true) await fleet.report(workerId, updatedS, measures);
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

  async #update(seen: Lease, wanted: LeaseChange): Promise<WriteOutcome> {
    const { rows } = this.#leases;
    const { pending } = rows.get(seen.leaseKey) ?? {};
    if (wanted.type === "evict" && pending !== undefined && this.#broken.evictsCommit === true) {
      const outcome = await this.#update(seen, { type: "commit", checkpoint: pending.checkpoint });
      const row = rows.get(seen.leaseKey);
      return outcome.type === "applied" && row !== undefined ? await this.#update(row, wanted) : outcome;
    }
    const change = this.#broken.change?.(wanted) ?? wanted;
    const before = rows.get(seen.leaseKey);
    const claimed =
      before !== undefined &&
      (this.#broken.isUnconditional === true ||
        (this.#broken.resetsUnconditionally === true && change.type === "reset"))
        ? { ...seen, counter: before.counter, owner: before.owner }
        : seen;
    const outcome = await this.#brokenOutcome(claimed, change);
    const isForeign = before?.owner === seen.owner && before?.counter === seen.counter + 1;
    if (
      outcome.type === "refused" &&
      change.type === "renew" &&
      isForeign &&
      this.#broken.believesForeignRows === true
    )
      return { type: "applied" };
    if (outcome.type !== "applied" || before === undefined) return outcome;
    if (change.type === "take" && this.#broken.takesDiscard === true) {
      const row = rows.get(seen.leaseKey);
      if (row !== undefined) rows.set(seen.leaseKey, { ...row, pending: undefined });
    }
    if (change.type === "assign" && this.#broken.assignsDiscard === true) {
      const row = rows.get(seen.leaseKey);
      if (row !== undefined) rows.set(seen.leaseKey, { ...row, pending: undefined });
    }
    this.#checker.changed(before, change);
    return outcome;
  }

  async #brokenOutcome(seen: Lease, change: LeaseChange): Promise<WriteOutcome> {
    const { rows } = this.#leases;
    const row = rows.get(seen.leaseKey);
    const isLeaders = change.type === "assign" || change.type === "hand-off";
    if (row !== undefined && isLeaders && this.#broken.assignsUnconditionally === true) {
      rows.set(row.leaseKey, changed(row, change));
      return { type: "applied" };
    }
    const isHidden = this.#broken.hidesHandoffs === true && row?.checkpointOwner === seen.owner;
    return await this.#table.update(
      isHidden && row !== undefined ? { ...seen, owner: row.owner } : seen,
      change,
    );
  }

  async #patiently<Answer>(
    process: SimProcess,
    name: string,
    about: string,
    apply: () => Promise<Answer>,
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#network.send({
          process,
          to: "leases",
          name,
          about,
          apply,
          failed: (failure) => {
            throw failureError(failure, "ProvisionedThroughputExceededException", 400);
          },
        });
      } catch (error) {
        if (attempt === MAX_ATTEMPTS) throw error;
        await sleep(process.clock, backoffMs(attempt, BACK_OFF, process.random));
      }
    }
  }
}

function done(facts: LeaseFacts): LeaseFacts {
  return typeof facts.pausedMs === "number" ? { ...facts, pauseDoneMs: facts.pausedMs } : facts;
}

/** `prepare`, `commit`, `shard-end` and so on: the steps that crash points name. */
function nameOf(change: LeaseChange): string {
  return change.type === "commit" && change.checkpoint === "SHARD_END" ? "shard-end" : change.type;
}
