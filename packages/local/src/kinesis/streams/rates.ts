import type { Clock } from "../../clock.js";
import type { KinesisLimits } from "../limits.js";

/** Tokens that come back at a constant rate, up to one second's worth. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #tokens: number;
  #at: number;
  #blockedUntil = 0;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#at = clock.now();
  }

  /** Whether `amount` fits now. More than a second's worth fits when the bucket is full, and leaves a debt. */
  allows(amount: number): boolean {
    if (this.#perSecond === Infinity) return true;
    const now = this.#clock.now();
    if (now < this.#blockedUntil) return false;
    this.#tokens = Math.min(
      this.#perSecond,
      this.#tokens + (Math.max(0, now - this.#at) * this.#perSecond) / 1000,
    );
    this.#at = now;
    return this.#tokens >= Math.min(amount, this.#perSecond);
  }

  spend(amount: number): void {
    if (this.#perSecond !== Infinity) this.#tokens -= amount;
  }

  take(amount = 1): boolean {
    if (!this.allows(amount)) return false;
    this.spend(amount);
    return true;
  }

  /** Spends what an answer turned out to hold; more than a second's worth blocks for as long as it would take. */
  spendAnswer(amount: number): void {
    if (amount > this.#perSecond)
      this.#blockedUntil = this.#clock.now() + Math.ceil((amount * 1000) / this.#perSecond);
    else this.spend(amount);
  }

  /** Milliseconds until `allows(amount)` can be true. */
  waitMs(amount: number): number {
    if (this.allows(amount)) return 0;
    const missing = Math.min(amount, this.#perSecond) - this.#tokens;
    return Math.max(1, this.#blockedUntil - this.#clock.now(), Math.ceil((missing * 1000) / this.#perSecond));
  }
}

/** The data rates of one shard. */
export interface ShardRates {
  readonly writeRecords: TokenBucket;
  readonly writeBytes: TokenBucket;
  readonly getRecords: TokenBucket;
  readonly readBytes: TokenBucket;
}

/** Every rate of an account; a bucket comes into being when its subject is first used. */
export class Rates {
  readonly #clock: Clock;
  readonly #limits: KinesisLimits;
  readonly #shards = new WeakMap<object, ShardRates>();
  readonly #calls = new Map<string, TokenBucket>();

  constructor(clock: Clock, limits: KinesisLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  ofShard(shard: object): ShardRates {
    let rates = this.#shards.get(shard);
    if (!rates) {
      const bucket = (perSecond: number) => new TokenBucket(this.#clock, perSecond);
      rates = {
        writeRecords: bucket(this.#limits.writeRecordsPerSecond),
        writeBytes: bucket(this.#limits.writeBytesPerSecond),
        getRecords: bucket(this.#limits.getRecordsPerSecond),
        readBytes: bucket(this.#limits.readBytesPerSecond),
      };
      this.#shards.set(shard, rates);
    }
    return rates;
  }

  /** One call of `subject` (an operation, with its stream or shard where the limit is theirs). */
  takeCall(subject: string, perSecond: number): boolean {
    if (perSecond === Infinity) return true;
    let bucket = this.#calls.get(subject);
    if (!bucket) {
      bucket = new TokenBucket(this.#clock, perSecond);
      this.#calls.set(subject, bucket);
    }
    return bucket.take();
  }
}
