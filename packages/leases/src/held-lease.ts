import { backoffMs, type Clock, KinesisConnectorError, type Random, sleep } from "@kinesis-connectors/core";
import { actualOwner, type Lease } from "./lease.js";
import { changed, type LeaseChange, type LeaseTable } from "./lease-table.js";
import { Mutex } from "./mutex.js";
import { carries, isGivenAway, sameProgress, wasReset } from "./read-back.js";
import { ThroughputMeter } from "./throughput.js";

/** Longer pauses between tries of a write spare the table nothing. */
const MAX_PAUSE_MS = 10_000;

/** A lease that is committed all the time is renewed besides once in so many renewals, where a leader wants to know what is read of it. */
const UNTOLD_RENEWALS = 3;

/** Options of `HeldLease`. */
export interface HeldLeaseOptions {
  /** The table that the lease is a row of. */
  readonly table: LeaseTable;
  /** Names this start of this process, and no other one. */
  readonly ownerId: string;
  /** Tells the age of the lease, and waits between renewals. */
  readonly clock: Clock;
  /** Spreads the waits between tries. */
  readonly random: Random;
  /** After so many milliseconds without a write that is known to be applied the lease is dropped; `Infinity` where nobody takes it by its age. */
  readonly failoverTimeMs: number;
  /** `renew` writes nothing while the last write that is known to have been applied is younger than this: each of them renews. Default 0. */
  readonly renewAfterMs?: number;
  /** Called once, when the lease is no longer held without having been given back; `wasReset` where an operator moved the paused shard, who meant it. */
  readonly lost: (reason: string, wasReset: boolean) => void;
  /**
   * Called once, when the leader of the fleet (KCL 3.x mode) has named another owner. The lease is held until it is given back by an `evict`, which then
   * gives it to that owner, or until the leader gives it away. Default: nobody is told.
   */
  readonly handoff?: ((nextOwner: string) => void) | undefined;
  /** Whether renewals say what was read of the shard lately, for the leader of a fleet in 3.x mode. Default: they do not. */
  readonly tellsThroughput?: (() => boolean) | undefined;
}

/**
 * A lease that this process owns. All writes of its row go through here, one at a time, each on the condition that the row is as it
 * was left, and none after the failover time has passed since the last write that is known to have been applied. What is in memory
 * changes only after a write is known to have been applied.
 */
export class HeldLease {
  readonly #options: HeldLeaseOptions;
  readonly #mutex = new Mutex();
  readonly #gone = new AbortController();
  #lease: Lease;
  /** When the last applied write was sent, on the monotonic clock: no other worker can have seen it earlier. */
  #sentMs: number;
  #readThroughMs: number | undefined;
  readonly #throughput: ThroughputMeter;
  /** When the row was last told what is read of the shard. */
  #toldMs: number;
  #renewalCount = 0;

  /** `lease` is the row after the take, and `sentMs` the monotonic time at which the take was sent. */
  constructor(lease: Lease, sentMs: number, options: HeldLeaseOptions) {
    this.#lease = lease;
    this.#sentMs = sentMs;
    this.#options = options;
    this.#toldMs = options.clock.monotonicNow();
    this.#throughput = new ThroughputMeter(lease.throughputKBps, this.#toldMs);
  }

  /** The shard that the lease is of. */
  get shardId(): string {
    return this.#lease.leaseKey;
  }

  /** The row as it was last known to be. */
  get lease(): Lease {
    return this.#lease;
  }

  /** Whom the leader of the fleet wants to have the shard next; undefined while it stays here. */
  get nextOwner(): string | undefined {
    const { owner, checkpointOwner } = this.#lease;
    const { ownerId } = this.#options;
    return checkpointOwner === ownerId && owner !== ownerId ? owner : undefined;
  }

  /** Aborted, with a `KC_LEASE_LOST` as its reason, once the lease is not held any more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Writes that did nothing but renew. */
  get renewalCount(): number {
    return this.#renewalCount;
  }

  /** How long ago the last write was sent that is known to have been applied, in milliseconds. */
  get unrenewedMs(): number {
    return Math.max(0, this.#options.clock.monotonicNow() - this.#sentMs);
  }

  /** Notes until when everything that arrived has been read, in epoch milliseconds: the next write of the row tells it. */
  noteReadThrough(wallTimeMs: number): void {
    if (wallTimeMs > (this.#readThroughMs ?? this.#lease.readThroughMs ?? 0))
      this.#readThroughMs = Math.floor(wallTimeMs);
  }

  /** Bytes of records that were read of the shard. */
  noteBytes(bytes: number): void {
    this.#throughput.add(bytes);
  }

  /** Renews, unless a write is under way, or the last one is young: they renew as well. */
  async renew(): Promise<void> {
    const { renewAfterMs = 0, clock, tellsThroughput } = this.#options;
    if (this.#mutex.isBusy || this.#gone.signal.aborted) return;
    const isTelling = tellsThroughput?.() === true;
    const untoldMs = clock.monotonicNow() - this.#toldMs;
    // Other writes renew too, and do not say what was read.
    const isUntold = isTelling && untoldMs >= UNTOLD_RENEWALS * renewAfterMs;
    if (this.unrenewedMs < renewAfterMs && !isUntold) return;
    const readThroughMs = this.#readThroughMs;
    this.#readThroughMs = undefined;
    const throughputKBps = isTelling ? this.#throughput.sample(clock.monotonicNow()) : undefined;
    await this.write({ type: "renew", readThroughMs, throughputKBps });
    if (isTelling) this.#toldMs = clock.monotonicNow();
    this.#renewalCount += 1;
  }

  /**
   * Looks at the row as a look at the table has shown it: what stands there under the last counter that was written here, and was not written here, is
   * somebody's change by hand. The lease is dropped then, before its next write covers that up. Returns whether the row is this owner's.
   */
  notice(row: Lease): boolean {
    if (this.#gone.signal.aborted || !this.#isMine(row)) return false;
    if (!this.#mutex.isBusy && row.counter === this.#lease.counter && !sameProgress(row, this.#lease))
      this.#lose("its row holds what this worker did not write");
    return !this.#gone.signal.aborted;
  }

  /** Drops the lease if it was not renewed in time: somebody else may own it already. Returns whether it is gone. */
  dropIfOverdue(): boolean {
    const { clock, failoverTimeMs } = this.#options;
    const elapsedMs = clock.monotonicNow() - this.#sentMs;
    if (!this.#gone.signal.aborted && elapsedMs >= failoverTimeMs)
      this.#lose(`it could not be renewed for ${Math.round(elapsedMs)} ms`);
    return this.#gone.signal.aborted;
  }

  /**
   * Drops the lease if it was not renewed in time, and asks nobody.
   * @throws KinesisConnectorError `KC_LEASE_LOST` once it is not held any more
   */
  requireHeld(): void {
    this.dropIfOverdue();
    this.#gone.signal.throwIfAborted();
  }

  /** The lease is no longer held, by our own wish. Writes are refused from now on. */
  release(): void {
    if (!this.#gone.signal.aborted) this.#gone.abort(lost(this.shardId, "this worker has let go of it"));
  }

  /** The row and what is known of it, again from the table; drops the lease if it is somebody else's. */
  async reload(): Promise<Lease> {
    return await this.#mutex.run(async () => {
      const row = await this.#read();
      if (row === undefined || !this.#isMine(row) || row.counter !== this.#lease.counter)
        throw this.#lose("its row was changed by somebody else");
      this.#adopt(row);
      return row;
    });
  }

  /**
   * Writes a change of the row. Resolves once it is known to have been applied. An outcome that is not known is read back; throttled
   * and unanswered writes are sent again until the lease would be up for taking.
   * @throws KinesisConnectorError `KC_LEASE_LOST`, or `KC_LEASE_TABLE` when no waiting mends it
   */
  async write(change: LeaseChange): Promise<void> {
    await this.#mutex.run(async () => await this.#write(this.#completed(change)));
  }

  /** A commit says until when the shard was read, as far as is known: where it is committed often, nothing else is written. */
  #completed(change: LeaseChange): LeaseChange {
    const readThroughMs = this.#readThroughMs;
    if (change.type !== "commit" || readThroughMs === undefined) return change;
    this.#readThroughMs = undefined;
    return { ...change, readThroughMs };
  }

  async #write(wanted: LeaseChange): Promise<void> {
    const { table, clock } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      this.requireHeld();
      const { nextOwner } = this;
      // A shard that is moving is given to its next owner: nobody has to find out first that it is nobody's.
      const change: LeaseChange =
        wanted.type === "evict" && nextOwner !== undefined ? { type: "assign", owner: nextOwner } : wanted;
      const sentMs = clock.monotonicNow();
      const outcome = await table.update(this.#lease, change);
      if (outcome.type === "applied") {
        this.#accept(changed(this.#lease, change), sentMs, change);
        return;
      }
      if (outcome.type !== "throttled" && (await this.#readBack(change, sentMs))) return;
      await this.#pause(attempt);
    }
  }

  /** Looks whether a write that was refused or not answered is in the row after all. False: it is not, and may be sent again. */
  async #readBack(change: LeaseChange, sentMs: number): Promise<boolean> {
    const row = await this.#read();
    const before = this.#lease;
    if (row === undefined) throw this.#lose("its row is gone");
    if (isGivenAway(row, before, change)) {
      this.#accept(row, sentMs, change);
      return true;
    }
    if (wasReset(row, before)) throw this.#lose("it was reset by an operator", true);
    if (!this.#isMine(row)) throw this.#lose(`it belongs to ${row.checkpointOwner ?? row.owner ?? "nobody"}`);
    const moves = row.checkpointOwner !== before.checkpointOwner;
    // KCL 2.x workers that take a lease leave the mark of a handoff in it: where it has just come up, a raised counter alone does not tell
    // their take from a renewal of ours.
    const isSure = !moves || change.type === "prepare" || change.type === "commit";
    if (row.counter === before.counter + 1 && carries(row, change, before) && isSure) {
      const { owner, checkpointOwner } = row;
      this.#accept({ ...changed(before, change), owner, checkpointOwner }, sentMs, change);
      return true;
    }
    if (row.counter < before.counter || !sameProgress(row, before))
      throw this.#lose("its row holds what this worker did not write");
    if (moves && row.counter !== before.counter)
      throw this.#lose(`it is being moved to ${row.owner ?? "nobody"}, and its row was changed besides`);
    // Owners are unique to a start of a process: a higher counter under our name is a renewal of ours that arrived late.
    this.#adopt(row);
    return false;
  }

  /** The row, with every write before visible. Failures that may pass are waited out as long as the lease lasts. */
  async #read(): Promise<Lease | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      this.requireHeld();
      try {
        const row = await this.#options.table.get(this.shardId);
        this.requireHeld();
        return row;
      } catch (thrown) {
        if (KinesisConnectorError.isInstance(thrown)) throw thrown;
        await this.#pause(attempt);
      }
    }
  }

  #accept(lease: Lease, sentMs: number, change: LeaseChange): void {
    this.#sentMs = Math.max(this.#sentMs, sentMs);
    if (change.type === "evict" || change.type === "assign") {
      this.#lease = lease;
      this.release();
    } else this.#adopt(lease);
  }

  /** The row as it is known from now on; a handoff that has begun in it is told of. */
  #adopt(row: Lease): void {
    const before = this.nextOwner;
    this.#lease = row;
    const { nextOwner } = this;
    if (before === undefined && nextOwner !== undefined) this.#options.handoff?.(nextOwner);
  }

  #isMine(row: Lease): boolean {
    return row.owner !== undefined && actualOwner(row) === this.#options.ownerId;
  }

  async #pause(attempt: number): Promise<void> {
    const { clock, random, failoverTimeMs } = this.#options;
    const maxDelayMs = Math.max(1, Math.floor(Math.min(failoverTimeMs / 10, MAX_PAUSE_MS)));
    await sleep(
      clock,
      backoffMs(attempt, { baseDelayMs: Math.min(100, maxDelayMs), maxDelayMs }, random),
      this.#gone.signal,
    );
  }

  #lose(reason: string, isReset: boolean = false): KinesisConnectorError {
    const error = lost(this.shardId, reason);
    if (!this.#gone.signal.aborted) {
      this.#gone.abort(error);
      this.#options.lost(reason, isReset);
    }
    return error;
  }
}

function lost(shardId: string, reason: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_LOST",
    `the lease of ${shardId} is lost: ${reason}; its owner goes on from the last checkpoint`,
  );
}
