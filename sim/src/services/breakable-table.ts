import type { Lease, LeaseChange, LeaseFacts, LeaseTable, WriteOutcome } from "@kinesis-connectors/consumer";
import { changed, type MemoryLeases } from "@kinesis-connectors/leases";

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

/** The lease table in memory, which does wrong on purpose what it is told to. */
export class BreakableTable {
  readonly #leases: MemoryLeases;
  readonly #table: LeaseTable;
  readonly #broken: BrokenLeases;
  readonly #applied: (before: Lease, change: LeaseChange) => void;

  /** @param applied told of each change that was carried out */
  constructor(
    leases: MemoryLeases,
    broken: BrokenLeases,
    applied: (before: Lease, change: LeaseChange) => void,
  ) {
    this.#leases = leases;
    this.#table = leases.connect();
    this.#broken = broken;
    this.#applied = applied;
  }

  get losesReports(): boolean {
    return this.#broken.losesReports === true;
  }

  /** What is written of a row that a KCL worker changes. */
  assigned(before: Lease, after: Lease): Lease {
    const isDiscarded = this.#broken.assignsDiscard === true && before.owner !== after.owner;
    return isDiscarded ? { ...after, pending: undefined } : after;
  }

  /** What is written of facts. */
  facts(facts: LeaseFacts): LeaseFacts {
    return this.#broken.pausesAtOnce === true && typeof facts.pausedMs === "number"
      ? { ...facts, pauseDoneMs: facts.pausedMs }
      : facts;
  }

  /** A row as an owner gets to see it. */
  shown(row: Lease, me: string | undefined): Lease {
    const { owner, checkpointOwner } = row;
    if (me === undefined || checkpointOwner === undefined) return row;
    if (checkpointOwner === me && this.#broken.hidesHandoffs === true)
      return { ...row, owner: me, checkpointOwner: undefined };
    if (owner === me && this.#broken.hidesOldOwners === true) return { ...row, checkpointOwner: undefined };
    return row;
  }

  /** A conditional change. */
  async update(seen: Lease, wanted: LeaseChange): Promise<WriteOutcome> {
    const { rows } = this.#leases;
    const { pending } = rows.get(seen.leaseKey) ?? {};
    if (wanted.type === "evict" && pending !== undefined && this.#broken.evictsCommit === true) {
      const outcome = await this.update(seen, { type: "commit", checkpoint: pending.checkpoint });
      const row = rows.get(seen.leaseKey);
      return outcome.type === "applied" && row !== undefined ? await this.update(row, wanted) : outcome;
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
    const isDiscarded =
      (change.type === "take" && this.#broken.takesDiscard === true) ||
      (change.type === "assign" && this.#broken.assignsDiscard === true);
    if (isDiscarded) {
      const row = rows.get(seen.leaseKey);
      if (row !== undefined) rows.set(seen.leaseKey, { ...row, pending: undefined });
    }
    this.#applied(before, change);
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
}
