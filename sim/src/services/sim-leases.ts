import { backoffMs, sleep } from "@kinesis-connectors/core";
import {
  type Lease,
  type LeaseChange,
  type LeaseCheckpoint,
  type LeaseFacts,
  type LeaseTable,
  memoryLeases,
  type WriteOutcome,
} from "@kinesis-connectors/consumer";
import { failureError } from "../world/call-error.js";
import type { HoldChecker } from "../checks/hold-checker.js";
import type { LeaseChecker } from "../checks/lease-checker.js";
import { keysIn, storedBatchIn } from "../checks/stored-batch.js";
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

  constructor(network: Network, checker: LeaseChecker, holds: HoldChecker, broken: BrokenLeases = {}) {
    this.#network = network;
    this.#checker = checker;
    this.#holds = holds;
    this.#broken = broken;
  }

  get rows(): ReadonlyMap<string, Lease> {
    return this.#leases.rows;
  }

  /** The table as one process sees it. */
  tableOf(process: SimProcess): LeaseTable {
    const table = this.#table;
    const ask = <Answer>(name: string, about: string, apply: () => Promise<Answer>): Promise<Answer> =>
      this.#patiently(process, name, about, apply);
    return {
      open: () => ask("open", "", () => table.open()),
      list: () => ask("list", "", () => table.list()),
      get: (leaseKey) => ask("get", leaseKey, () => table.get(leaseKey)),
      create: (lease) =>
        ask("create", lease.leaseKey, async () => {
          const isNew = await table.create(lease);
          if (isNew) this.#checker.created(lease);
          return isNew;
        }),
      describe: (leaseKey, facts) =>
        ask("describe", leaseKey, () =>
          table.describe(leaseKey, this.#broken.pausesAtOnce === true ? done(facts) : facts),
        ),
      remove: (leaseKey) => ask("remove", leaseKey, () => table.remove(leaseKey)),
      fleetMode: () => ask("fleetMode", "", () => table.fleetMode()),
      update: (seen, change) =>
        this.#network.send<WriteOutcome>({
          process,
          to: "leases",
          name: nameOf(change),
          about: seen.leaseKey,
          apply: async () => {
            const outcome = await this.#update(seen, change);
            if (outcome.type === "applied") this.#tell(process, seen.leaseKey, change);
            return outcome;
          },
          failed: (failure) => {
            const cause = failureError(failure, "ProvisionedThroughputExceededException", 400);
            return { type: failure === "throttled" ? "throttled" : "unknown", cause };
          },
        }),
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
    if (change.type !== "prepare") return;
    const stored = storedBatchIn(change.pending.state);
    if (stored !== undefined) this.prepared(process, keysIn(stored));
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
    const outcome = await this.#table.update(claimed, change);
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
    this.#checker.changed(before, change);
    return outcome;
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
