import type { Lease, LeaseCheckpoint } from "@kinesis-connectors/consumer";
import type { SimProcess } from "../world/sim-process.js";
import type { KclTable } from "./kcl-table.js";
import type { KclTimes } from "./times.js";

// `DynamoDBLeaseRenewer`: DEFAULT_THROUGHPUT_DIGIT_AFTER_DECIMAL.
const THROUGHPUT_DIGITS = 6;

/** A lease as a KCL worker holds it in memory. */
export interface HeldByKcl {
  /** The row as this worker believes it to be. */
  row: Lease;
  /** When the last write of its counter was answered: the KCL counts from there. */
  lastIncMs: number;
  /** What was read of it lately, in KiB per second. */
  throughputKBps: number;
  readBytes: number;
  /** The leader has named another owner, and the consumer was told to let go. */
  isMoving: boolean;
  /** Settles when the write that is under way has: the KCL locks a lease for each. */
  busy: Promise<unknown>;
}

export interface HeldLeasesOptions {
  readonly process: SimProcess;
  readonly table: KclTable;
  readonly workerId: string;
  readonly times: KclTimes;
  /** The leader gives a held lease to somebody else: its consumer is to finish, and then to give it on. */
  readonly handoff: (held: HeldByKcl) => void;
}

/** `DynamoDBLeaseRenewer`: what a worker owns, renewed at a fixed rate, and given up when it is somebody else's or too old. */
export class HeldLeases {
  readonly #options: HeldLeasesOptions;
  readonly #held = new Map<string, HeldByKcl>();

  constructor(options: HeldLeasesOptions) {
    this.#options = options;
  }

  get keys(): readonly string[] {
    return [...this.#held.keys()];
  }

  /** What is held and not too old: `getCurrentlyHeldLeases`. */
  current(): readonly HeldByKcl[] {
    return [...this.#held.values()].filter((held) => !this.#isExpired(held));
  }

  /** Whether this very acquisition still counts (the KCL's concurrency token). */
  has(held: HeldByKcl): boolean {
    return this.#held.get(held.row.leaseKey) === held && !this.#isExpired(held);
  }

  add(row: Lease): void {
    this.#held.set(row.leaseKey, {
      row,
      lastIncMs: this.#nowMs,
      throughputKBps: row.throughputKBps ?? 0,
      readBytes: 0,
      isMoving: false,
      busy: Promise.resolve(),
    });
  }

  drop(held: HeldByKcl): void {
    const { leaseKey } = held.row;
    if (this.#held.get(leaseKey) === held) this.#held.delete(leaseKey);
  }

  clear(): void {
    this.#held.clear();
  }

  /** One round of renewals, all at once. */
  async renewAll(): Promise<void> {
    const rounds = [...this.#held.values()].map(
      async (held) => await this.#alone(held, async () => await this.#renew(held)),
    );
    for (const round of await Promise.allSettled(rounds)) if (round.status === "rejected") throw round.reason;
  }

  async #renew(held: HeldByKcl): Promise<void> {
    const { table, times, handoff } = this.#options;
    if (this.#isExpired(held) || !this.#isValid(held.row)) {
      this.drop(held);
      return;
    }
    const seconds = times.renewMs / 1_000;
    const measured = (held.throughputKBps + held.readBytes / 1_024 / seconds) / 2;
    held.throughputKBps = Number(measured.toFixed(THROUGHPUT_DIGITS));
    held.readBytes = 0;
    let written = await table.renew(held.row, held.isMoving, held.throughputKBps);
    const { row } = written;
    if (!written.isApplied && row?.checkpointOwner !== undefined && this.#isSameOwner(held, row)) {
      // The leader gives it to another worker: both names are copied, and from now on that does not keep it from renewing.
      held.row = { ...held.row, owner: row.owner, checkpointOwner: row.checkpointOwner };
      held.isMoving = true;
      written = await table.renew(held.row, true, held.throughputKBps);
    }
    if (this.#accept(held, written.isApplied, written.row)) {
      if (held.isMoving) handoff(held);
    } else this.drop(held);
  }

  /** A checkpoint. False: the lease was not ours any more. */
  async checkpoint(
    held: HeldByKcl,
    checkpoint: LeaseCheckpoint,
    childShardIds: readonly string[] = [],
  ): Promise<boolean> {
    return await this.#alone(held, async () => await this.#checkpoint(held, checkpoint, childShardIds));
  }

  async #checkpoint(
    held: HeldByKcl,
    checkpoint: LeaseCheckpoint,
    childShardIds: readonly string[],
  ): Promise<boolean> {
    if (!this.has(held)) return false;
    const { isApplied, row } = await this.#options.table.checkpoint(held.row, checkpoint, childShardIds);
    if (!isApplied || row === undefined) {
      this.drop(held);
      return false;
    }
    // Whose it is stays as it is in memory: only a renewal finds that out.
    held.row = { ...row, owner: held.row.owner, checkpointOwner: held.row.checkpointOwner };
    held.lastIncMs = this.#nowMs;
    return true;
  }

  /** Gives a lease that moves to its next owner. */
  async giveOn(held: HeldByKcl): Promise<void> {
    await this.#alone(held, async () => {
      const { row } = held;
      if (!held.isMoving || row.owner === undefined) return;
      try {
        await this.#options.table.assign(row, row.owner);
      } finally {
        this.drop(held);
      }
    });
  }

  async #alone<Result>(held: HeldByKcl, work: () => Promise<Result>): Promise<Result> {
    const turn = held.busy.then(work, work);
    held.busy = turn.catch(() => undefined);
    return await turn;
  }

  /** A renewal that was refused counts all the same where the row is as our own first try has left it. */
  #accept(held: HeldByKcl, isApplied: boolean, row: Lease | undefined): boolean {
    if (row === undefined) return false;
    const isSpurious = row.owner === this.#options.workerId && row.counter === held.row.counter + 1;
    if (!isApplied && !isSpurious) return false;
    held.row = { ...row, owner: held.row.owner, checkpointOwner: held.row.checkpointOwner };
    held.lastIncMs = this.#nowMs;
    return true;
  }

  #isSameOwner({ row: mine }: HeldByKcl, row: Lease): boolean {
    return (
      (row.checkpointOwner ?? row.owner) === (mine.checkpointOwner ?? mine.owner) &&
      row.checkpointOwner !== row.owner
    );
  }

  #isValid({ owner, checkpointOwner }: Lease): boolean {
    const { workerId } = this.#options;
    return checkpointOwner === undefined
      ? owner === workerId
      : checkpointOwner === workerId && owner !== workerId;
  }

  #isExpired({ lastIncMs }: HeldByKcl): boolean {
    return this.#nowMs - lastIncMs > this.#options.times.failoverMs;
  }

  get #nowMs(): number {
    return this.#options.process.clock.monotonicNow();
  }
}
