import type { Clock, Random } from "@kinesis-connectors/core";
import type { FleetTable, LeaderLock } from "@kinesis-connectors/leases";

export interface LeaderLockOptions {
  readonly fleet: FleetTable;
  readonly ownerId: string;
  readonly clock: Clock;
  readonly random: Random;
  /** How long the lock counts after each sign of life, in milliseconds. */
  readonly leaseMs: number;
}

interface Sight {
  readonly version: string | undefined;
  readonly sinceMs: number;
}

/**
 * The lock by which one worker of a fleet leads it, as amazon-dynamodb-lock-client has it: no times are compared between machines. Whoever has seen the
 * same version for as long as its row says may replace it; its owner writes a new version sooner than that.
 */
export class FleetLock {
  readonly #options: LeaderLockOptions;
  #mine: LeaderLock | undefined;
  /** When the last version of ours was sent, on the monotonic clock: nobody can have seen it earlier. */
  #sentMs = 0;
  #sight: Sight | undefined;

  constructor(options: LeaderLockOptions) {
    this.#options = options;
  }

  /** Whether this worker leads: it wrote the lock, and nobody can have seen it unchanged for as long as it counts. */
  get isHeld(): boolean {
    const { clock, leaseMs } = this.#options;
    return this.#mine !== undefined && clock.monotonicNow() - this.#sentMs < leaseMs;
  }

  /**
   * Keeps the lock, or tries to get it. `reluctanceMs` is asked once it could be had: how long it must have been nobody's, or unchanged, at least.
   */
  async step(reluctanceMs: () => Promise<number>): Promise<boolean> {
    if (this.#mine !== undefined) return await this.#keep(this.#mine);
    const { fleet, clock } = this.#options;
    const askedMs = clock.monotonicNow();
    const lock = await fleet.lock();
    const version = lock?.isReleased === true ? undefined : lock?.version;
    if (this.#sight === undefined || this.#sight.version !== version)
      this.#sight = { version, sinceMs: clock.monotonicNow() };
    const unchangedMs = askedMs - this.#sight.sinceMs;
    if (version !== undefined && unchangedMs <= (lock?.leaseMs ?? 0)) return false;
    const patienceMs = await reluctanceMs();
    if (patienceMs > 0 && unchangedMs <= patienceMs) return false;
    return await this.#take(lock);
  }

  /** Gives the lock back, so that another worker leads at once. */
  async release(): Promise<void> {
    const mine = this.#mine;
    this.#mine = undefined;
    this.#sight = undefined;
    if (mine !== undefined) await this.#options.fleet.releaseLock(mine);
  }

  async #take(seen: LeaderLock | undefined): Promise<boolean> {
    const { fleet, ownerId, clock, random, leaseMs } = this.#options;
    const mine: LeaderLock = { ownerId, version: random.uuid(), leaseMs, isReleased: false };
    const sentMs = clock.monotonicNow();
    // A refusal may be of a try of ours whose answer was lost.
    if (!(await fleet.takeLock(mine, seen)) && (await fleet.lock())?.version !== mine.version) return false;
    this.#mine = mine;
    this.#sentMs = sentMs;
    this.#sight = undefined;
    return true;
  }

  async #keep(mine: LeaderLock): Promise<boolean> {
    const { fleet, clock, random } = this.#options;
    const next = { ...mine, version: random.uuid() };
    const sentMs = clock.monotonicNow();
    // From here on the row may hold either: with an unknown outcome the next look finds out.
    if (!(await fleet.keepLock(mine, next.version))) {
      const row = await fleet.lock();
      if (row?.version !== next.version) {
        const isOurs = row?.ownerId === mine.ownerId;
        this.#mine = isOurs ? row : undefined;
        this.#sight = undefined;
        return false;
      }
    }
    // Released while this was under way.
    if (this.#mine === undefined) {
      await fleet.releaseLock(next);
      return false;
    }
    this.#mine = next;
    this.#sentMs = sentMs;
    return this.isHeld;
  }
}
