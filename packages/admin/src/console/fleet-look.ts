import type { ConsoleFleet, ConsoleTrouble, ConsoleWorker } from "@kinesis-connectors/console";
import { asError, type Clock, sleep } from "@kinesis-connectors/core";
import {
  actualOwner,
  isEnded,
  type Lease,
  type LeaseTable,
  ownerKindOf,
  shardStatuses,
} from "@kinesis-connectors/leases";
import { troubleOf } from "./trouble.js";

/** What the leases of an application are looked at with. */
export interface FleetLookOptions {
  readonly table: LeaseTable;
  readonly tableName: string;
  readonly stream: string | undefined;
  readonly failoverTimeMs: number;
  readonly clock: Clock;
  /** What the last call on the table that had to be repeated failed with, by name; undefined where none did lately. */
  readonly lastRetry?: (() => string | undefined) | undefined;
}

/** Leases as they were last seen, and what stands between them and now. */
export interface FleetSight {
  readonly fleet: ConsoleFleet | null;
  readonly trouble: ConsoleTrouble | null;
}

/** However many look, the table is scanned no more often. */
const PERIOD_MS = 1_500;

/** A look that takes longer is waited for by the next request: this one is shown what was seen before. */
const PATIENCE_MS = 3_000;

/** Looks at the leases of an application when it is asked, and remembers who renewed when. Nothing is asked while nobody looks. */
export class FleetLook {
  readonly #options: FleetLookOptions;
  readonly #renewals = new Map<
    string,
    { counter: number; owner: string; atMs: number | undefined; sinceMs: number }
  >();
  #fleet: ConsoleFleet | null = null;
  #trouble: ConsoleTrouble | null = null;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** The right that the call under way needs. */
  #asked = "dynamodb:Scan";
  #looking: Promise<void> | undefined;

  constructor(options: FleetLookOptions) {
    this.#options = options;
  }

  /** What is known now. Never rejects: what went wrong is part of it. */
  async sight(): Promise<FleetSight> {
    const { clock, lastRetry } = this.#options;
    if (clock.monotonicNow() - this.#lookedMs < PERIOD_MS)
      return { fleet: this.#fleet, trouble: this.#trouble };
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    const waiting = new AbortController();
    const isThere = await Promise.race([
      this.#looking.then(() => true),
      sleep(clock, PATIENCE_MS, waiting.signal).then(() => false),
    ]);
    waiting.abort();
    if (isThere) return { fleet: this.#fleet, trouble: this.#trouble };
    return { fleet: this.#fleet, trouble: troubleOf(lastRetry?.() ?? "no answer", this.#asked) };
  }

  async #look(): Promise<void> {
    const { table, tableName, stream, failoverTimeMs, clock } = this.#options;
    const lookedMs = clock.now();
    try {
      this.#asked = "dynamodb:Scan";
      const leases = await table.list();
      this.#asked = "dynamodb:GetItem";
      const fleetMode = (await table.fleetMode()) ?? null;
      const nowMs = clock.monotonicNow();
      const sorted = leases.toSorted((a, b) => (a.leaseKey < b.leaseKey ? -1 : 1));
      const ranges = new Map(sorted.map(({ leaseKey, hashKeyRange }) => [leaseKey, hashKeyRange ?? null]));
      this.#fleet = {
        leaseTable: tableName,
        stream: streamOf(sorted) ?? stream ?? null,
        fleetMode,
        failoverTimeMs,
        lookedMs,
        shards: shardStatuses(sorted, lookedMs).map((shard) =>
          Object.assign({}, shard, { hashKeyRange: ranges.get(shard.shardId) ?? null }),
        ),
        workers: this.#workersOf(sorted, nowMs),
      };
      this.#trouble = null;
    } catch (thrown) {
      this.#trouble = troubleOf(asError(thrown), this.#asked);
    }
    this.#lookedMs = clock.monotonicNow();
  }

  /** Owners, and when each was last seen to renew: its rows' counters rise with every renewal. */
  #workersOf(leases: readonly Lease[], nowMs: number): readonly ConsoleWorker[] {
    const { failoverTimeMs } = this.#options;
    const known = new Set<string>();
    const workers = new Map<
      string,
      { kind: "ours" | "kcl"; shards: number; atMs: number | undefined; sinceMs: number }
    >();
    for (const lease of leases) {
      const owner = actualOwner(lease);
      if (owner === undefined || isEnded(lease)) continue;
      known.add(lease.leaseKey);
      const before = this.#renewals.get(lease.leaseKey);
      const isNew = before === undefined || before.owner !== owner;
      const seen = isNew
        ? { counter: lease.counter, owner, atMs: before === undefined ? undefined : nowMs, sinceMs: nowMs }
        : before.counter === lease.counter
          ? before
          : { ...before, counter: lease.counter, atMs: nowMs };
      this.#renewals.set(lease.leaseKey, seen);
      const worker = workers.get(owner) ?? {
        kind: ownerKindOf(lease) ?? "kcl",
        shards: 0,
        atMs: undefined,
        sinceMs: nowMs,
      };
      worker.shards += 1;
      worker.sinceMs = Math.min(worker.sinceMs, seen.sinceMs);
      if (seen.atMs !== undefined) worker.atMs = Math.max(worker.atMs ?? seen.atMs, seen.atMs);
      workers.set(owner, worker);
    }
    for (const leaseKey of this.#renewals.keys()) if (!known.has(leaseKey)) this.#renewals.delete(leaseKey);
    return [...workers]
      .map(([owner, { kind, shards, atMs, sinceMs }]): ConsoleWorker => {
        const silentMs = nowMs - (atMs ?? sinceMs);
        const isSilent = silentMs > failoverTimeMs;
        return {
          owner,
          kind,
          shards,
          renewedAgoMs: atMs === undefined ? null : Math.round(nowMs - atMs),
          isRenewing: isSilent ? false : atMs === undefined ? null : true,
        };
      })
      .toSorted((a, b) => (a.owner < b.owner ? -1 : 1));
  }
}

/** The name of the stream that rows of ours say they belong to. */
function streamOf(leases: readonly Lease[]): string | undefined {
  const arn = leases.find(({ stream }) => stream !== undefined)?.stream?.streamArn;
  return arn?.slice(arn.lastIndexOf("/") + 1);
}
