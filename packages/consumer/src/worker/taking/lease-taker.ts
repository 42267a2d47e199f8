import type { Clock, Random } from "@kinesis-connectors/core";
import { actualOwner, changed, type Lease, type LeaseTable } from "@kinesis-connectors/leases";
import { chooseLeasesToTake, type FleetSeen } from "./choose-leases.js";
import { inParallel } from "../in-parallel.js";
import { orphansToTake, type Unattended, unattendedLeases } from "../fleet3/orphans.js";
import type { LeaseAges } from "./lease-ages.js";
import type { LeaseSettings } from "../lease-settings.js";

const MAX_IN_FLIGHT = 20;

/** Tries of one steal: an owner that commits several times a second writes its row between our look and our write. */
const STEAL_ATTEMPTS = 3;

/** A lease that this worker has just taken. */
export interface TakenLease {
  readonly lease: Lease;
  /** The row as it was before. */
  readonly before: Lease;
  /** When the take was sent, on the monotonic clock. */
  readonly sentMs: number;
  readonly steal: boolean;
  /**
   * True when a shard that follows it has begun, which happens only after its own end: its row was deleted, and made again by a
   * worker that had listed the shards long before. It must not be read a second time.
   */
  readonly wasReadBefore: boolean;
  /** The leader of the fleet gave it to us. */
  readonly isAssigned: boolean;
}

export interface LeaseTakerOptions {
  readonly table: LeaseTable;
  readonly ownerId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: LeaseSettings;
  /** Shards that this process is busy with, held or still being let go. */
  readonly busy: () => ReadonlySet<string>;
  readonly taken: (taken: TakenLease) => void;
  /** Given all rows as each look shows them, also where this worker takes none. */
  readonly looked?: (leases: readonly Lease[]) => void;
  /** Told of the leases that nobody renews, at each look in a fleet in which a leader assigns them. */
  readonly unattended?: (unattended: Unattended) => void;
  /** A lease that was not renewed for so long is taken though a leader assigns them. */
  readonly orphanMs: number;
  readonly ages: LeaseAges;
}

/**
 * What may be taken. `share`: what falls to this worker, as KCL 2.x workers agree on it. `orphans`: a leader assigns (KCL 3.x), and only what it has
 * forgotten is taken. `nothing`: the worker is being stopped.
 */
export type Taking = "share" | "orphans" | "nothing";

/** Looks at the table and takes what this worker should have. */
export class LeaseTaker {
  readonly #options: LeaseTakerOptions;
  #fleet: FleetSeen | undefined;

  constructor(options: LeaseTakerOptions) {
    this.#options = options;
  }

  /** What the last look showed; undefined before the first, and in a fleet in which a leader assigns the leases. */
  get fleet(): FleetSeen | undefined {
    return this.#fleet;
  }

  async step(taking: () => Taking): Promise<void> {
    const { table, ownerId, clock, random, settings, busy, looked } = this.#options;
    const how = taking();
    if (how === "nothing") return;
    const mayTake = (): boolean => taking() === how;
    const startedMs = clock.monotonicNow();
    const leases = await table.list();
    looked?.(leases);
    const endedMs = clock.monotonicNow();
    // The counters were read somewhere in between: they count as unchanged until the end of one scan and as read at the start of the
    // next, so that a slow scan never makes a lease look older than it is.
    const observed = this.#options.ages.observe(leases, endedMs);
    const ended = parentsOfBegun(leases);
    if (how === "orphans") {
      this.#fleet = undefined;
      const { failoverTimeMs, maxLeasesForWorker } = settings;
      const held = busy();
      const { orphanMs } = this.#options;
      const idle = unattendedLeases(observed, { nowMs: startedMs, failoverTimeMs, orphanMs, busy: held });
      this.#options.unattended?.(idle);
      const orphans = orphansToTake(idle.orphans, maxLeasesForWorker - held.size, random);
      await inParallel(orphans, MAX_IN_FLIGHT, async (lease) => {
        if (mayTake()) await this.#take(lease, startedMs, "free", ended);
      });
      return;
    }
    const { take, steal, ...seen } = chooseLeasesToTake({
      ...settings,
      observed,
      me: ownerId,
      nowMs: startedMs,
      busy: busy(),
      random,
    });
    this.#fleet = seen;
    await inParallel(take, MAX_IN_FLIGHT, async (lease) => {
      if (mayTake()) await this.#take(lease, startedMs, "free", ended);
    });
    // After a slow scan the counters of living workers are stale, and every steal would be refused (KCL: half a renewal period).
    const isStale = endedMs - startedMs > settings.renewPeriodMs / 2;
    await inParallel(steal, MAX_IN_FLIGHT, async (lease) => {
      if (!mayTake()) return;
      const seenMs = isStale ? clock.monotonicNow() : startedMs;
      let row = isStale ? await table.get(lease.leaseKey) : lease;
      let askedMs = seenMs;
      for (let attempt = 1; attempt <= STEAL_ATTEMPTS; attempt += 1) {
        // Asked again: the answer may come long after the worker was told to stop, even after it gave up waiting for it.
        if (row === undefined || actualOwner(row) !== actualOwner(lease) || !mayTake()) return;
        const before = row;
        ({ row, askedMs } = await this.#take(before, askedMs, "steal", ended));
      }
    });
  }

  /** Takes up leases that the leader of the fleet has given to this worker; `seenMs`: when they were asked for. */
  async adopt(leases: readonly Lease[], seenMs: number, mayTake: () => boolean): Promise<void> {
    const { table } = this.#options;
    const ended = leases.some(isUnbegun) ? parentsOfBegun(await table.list()) : new Set<string>();
    await inParallel(leases, MAX_IN_FLIGHT, async (lease) => {
      if (mayTake() && !this.#options.busy().has(lease.leaseKey))
        await this.#take(lease, seenMs, "assigned", ended);
    });
  }

  /** `seenMs`: when the row was asked for that is taken. Resolves with the row as it is where the take was refused, and when that was asked for. */
  async #take(
    before: Lease,
    seenMs: number,
    how: "free" | "steal" | "assigned",
    ended: ReadonlySet<string>,
  ): Promise<{ readonly row: Lease | undefined; readonly askedMs: number }> {
    const { table, ownerId, clock, settings, taken } = this.#options;
    const isVague = before.checkpoint === "LATEST" && before.startTimestampMs === undefined;
    const change = {
      type: "take",
      owner: ownerId,
      startTimestampMs: isVague ? Math.floor(clock.now()) : undefined,
    } as const;
    let sentMs = clock.monotonicNow();
    const outcome = await table.update(before, change);
    if (outcome.type === "throttled") return { row: undefined, askedMs: sentMs };
    let lease = changed(before, change);
    if (outcome.type !== "applied") {
      const askedMs = clock.monotonicNow();
      const row = await table.get(before.leaseKey);
      // A leader may have given it away and back meanwhile: then the old owner holds it until it lets go.
      const isOurs = row?.owner === ownerId && row.checkpointOwner === undefined;
      if (!isOurs || row.counter !== lease.counter)
        return { row: outcome.type === "refused" ? row : undefined, askedMs };
      // What raised the counter under our name may also be a late write of ours from before the lease was dropped: the row tells. So it was
      // written at any time since it was looked at, and others may count from then.
      lease = row;
      sentMs = seenMs;
      // The next look takes it anew.
      if (clock.monotonicNow() - seenMs >= settings.failoverTimeMs) return { row: undefined, askedMs };
    }
    const wasReadBefore = isUnbegun(lease) && ended.has(lease.leaseKey);
    taken({ lease, before, sentMs, steal: how === "steal", wasReadBefore, isAssigned: how === "assigned" });
    return { row: undefined, askedMs: sentMs };
  }
}

/** The shards that others follow of which something has been committed. */
function parentsOfBegun(leases: readonly Lease[]): ReadonlySet<string> {
  return new Set(leases.flatMap((lease) => (isUnbegun(lease) ? [] : lease.parentShardIds)));
}

function isUnbegun({ checkpoint }: Lease): boolean {
  return typeof checkpoint === "string" && checkpoint !== "SHARD_END";
}
