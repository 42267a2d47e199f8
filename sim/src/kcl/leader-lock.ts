import type { LeaderLock } from "@kinesis-connectors/leases";
import type { SimProcess } from "../world/sim-process.js";
import type { KclTable } from "./kcl-table.js";
import { LOCK_LEASE_MS, LOCK_LOOK_MS } from "./times.js";

/** `DynamoDBLockBasedLeaderDecider` over amazon-dynamodb-lock-client: who leads a fleet in 3.x mode. */
export class KclLeaderLock {
  readonly #process: SimProcess;
  readonly #table: KclTable;
  readonly #workerId: string;
  #mine: LeaderLock | undefined;
  #updatedMs = 0;
  #seen: { readonly version: string; readonly sinceMs: number } | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isShutDown = false;

  constructor(process: SimProcess, table: KclTable, workerId: string) {
    this.#process = process;
    this.#table = table;
    this.#workerId = workerId;
  }

  /** Whether this worker leads; it tries to get the lock, but not again so soon after a vain try. */
  async isLeader(): Promise<boolean> {
    if (this.#isShutDown) return false;
    if (this.#mine !== undefined) {
      if (this.#nowMs - this.#updatedMs <= LOCK_LEASE_MS) return true;
      this.#mine = undefined;
    }
    if (this.#nowMs - this.#lookedMs < LOCK_LOOK_MS) return false;
    const isTaken = await this.#tryAcquire();
    if (!isTaken) this.#lookedMs = this.#nowMs;
    return isTaken;
  }

  async #tryAcquire(): Promise<boolean> {
    const row = await this.#table.lock();
    if (row !== undefined && !row.isReleased) {
      if (this.#seen?.version !== row.version) {
        this.#seen = { version: row.version, sinceMs: this.#nowMs };
        return false;
      }
      if (this.#nowMs - this.#seen.sinceMs <= row.leaseMs) return false;
    }
    const version = this.#process.random.uuid();
    const mine = { ownerId: this.#workerId, version, leaseMs: LOCK_LEASE_MS, isReleased: false };
    if (!(await this.#table.takeLock(mine, row))) return false;
    this.#mine = mine;
    this.#updatedMs = this.#nowMs;
    // Got while the worker was being shut down: it is given back (K17).
    if (this.#isShutDown) await this.release();
    return !this.#isShutDown;
  }

  /** The lock client's own thread. */
  async heartbeat(): Promise<void> {
    const mine = this.#mine;
    if (mine === undefined) return;
    const next = this.#process.random.uuid();
    const isKept = await this.#table.keepLock(mine, next);
    if (this.#mine !== mine) return;
    this.#mine = isKept ? { ...mine, version: next } : undefined;
    if (isKept) this.#updatedMs = this.#nowMs;
  }

  async release(): Promise<void> {
    const mine = this.#mine;
    this.#mine = undefined;
    if (mine !== undefined) await this.#table.deleteLock(mine);
  }

  async shutDown(): Promise<void> {
    this.#isShutDown = true;
    await this.release();
  }

  get #nowMs(): number {
    return this.#process.clock.monotonicNow();
  }
}
