import { type CountedShard, GONE_FOR_MS, MAX_GONE, noCounts, type ShardCounts } from "./shard-counts.js";

/** More owned shards than this have no series of their own with `perShard: "auto"`... */
const MAX_OWN_SERIES = 200;
/** ...until they are this few again: a worker that gives and takes one shard must not change the shape of all its metrics each time. */
const OWN_SERIES_AGAIN = 180;

/** The counts of each shard and of all of them together: those of all never go down, however many shards come and go. */
export class CountedShards {
  readonly total: ShardCounts = noCounts();
  readonly #attributesOf: (shardId: string) => Readonly<Record<string, string>>;
  readonly #monotonicNow: () => number;
  readonly #shards = new Map<string, CountedShard>();
  #gone = 0;
  readonly #perShard: "auto" | boolean;
  #areMany = false;

  constructor(options: {
    readonly perShard: "auto" | boolean;
    readonly attributesOf: (shardId: string) => Readonly<Record<string, string>>;
    readonly monotonicNow: () => number;
  }) {
    this.#perShard = options.perShard;
    this.#attributesOf = options.attributesOf;
    this.#monotonicNow = options.monotonicNow;
  }

  of(shardId: string): CountedShard {
    const found = this.#shards.get(shardId);
    if (found !== undefined) return found;
    const shard = {
      counts: noCounts(),
      attributes: this.#attributesOf(shardId),
      millisBehindLatest: undefined,
      goneMs: undefined,
    };
    this.#shards.set(shardId, shard);
    return shard;
  }

  add(shard: CountedShard, key: keyof ShardCounts, by: number): void {
    shard.counts[key] += by;
    this.total[key] += by;
  }

  start(shardId: string): void {
    const shard = this.of(shardId);
    if (shard.goneMs !== undefined) this.#gone -= 1;
    shard.goneMs = undefined;
  }

  end(shardId: string): void {
    const shard = this.#shards.get(shardId);
    if (shard === undefined || shard.goneMs !== undefined) return;
    // Last in the map: those gone first are found first.
    this.#shards.delete(shardId);
    this.#shards.set(shardId, shard);
    shard.goneMs = this.#monotonicNow();
    shard.millisBehindLatest = undefined;
    this.#gone += 1;
    if (this.#gone > MAX_GONE) this.#forgetOldest();
  }

  /** The shards that have series of their own now, after those that have been gone for long are forgotten; undefined where only sums are shown. */
  shown(): ReadonlyMap<string, CountedShard> | undefined {
    const beforeMs = this.#monotonicNow() - GONE_FOR_MS;
    for (const [shardId, { goneMs }] of this.#shards) {
      if (goneMs === undefined || goneMs > beforeMs) continue;
      this.#shards.delete(shardId);
      this.#gone -= 1;
    }
    const owned = this.#shards.size - this.#gone;
    if (owned > MAX_OWN_SERIES) this.#areMany = true;
    // Those just let go count here: a worker that stops would else show the last of a thousand shards as if they were all.
    else if (this.#shards.size <= OWN_SERIES_AGAIN) this.#areMany = false;
    const isShown = this.#perShard === "auto" ? !this.#areMany : this.#perShard;
    return isShown ? this.#shards : undefined;
  }

  owned(): readonly CountedShard[] {
    return [...this.#shards.values()].filter(({ goneMs }) => goneMs === undefined);
  }

  #forgetOldest(): void {
    for (const [shardId, { goneMs }] of this.#shards) {
      if (goneMs === undefined) continue;
      this.#shards.delete(shardId);
      this.#gone -= 1;
      return;
    }
  }
}
