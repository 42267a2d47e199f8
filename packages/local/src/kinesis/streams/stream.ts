import { invalidArgument } from "../errors.js";
import { evenRanges, hashKeyHex, partitionKeyHashHex } from "./hash-keys.js";
import { Shard } from "./shard.js";
import type { Subscription } from "./subscription.js";

/** States a stream passes through. */
export type StreamStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

/** Who pays for how much: provisioned shards or on demand. */
export type StreamMode = "PROVISIONED" | "ON_DEMAND";

/** A consumer registered for enhanced fan-out. */
export interface RegisteredConsumer {
  readonly name: string;
  readonly arn: string;
  readonly createdMs: number;
  status: "CREATING" | "ACTIVE" | "DELETING";
  readonly tags: Map<string, string>;
  /** Running subscriptions by shard id. */
  readonly subscriptions: Map<string, Subscription>;
  /** When each shard was last subscribed to, milliseconds since 1970. */
  readonly subscribedMs: Map<string, number>;
}

/** What makes a stream. */
export interface StreamOrigin {
  readonly name: string;
  readonly arn: string;
  readonly streamId: string;
  readonly createdMs: number;
  /** First field of its first sequence numbers; above that of every earlier stream of this name. */
  readonly creationSecond: number;
  readonly mode: StreamMode;
  readonly shardCount: number;
  readonly maxRecordKiB: number;
}

/** One stream: its settings, its shards open and closed. */
export class Stream {
  readonly name: string;
  readonly arn: string;
  readonly streamId: string;
  readonly createdMs: number;
  mode: StreamMode;
  status: StreamStatus = "CREATING";
  /** 24 hours: CreateStream page of the API reference. */
  retentionHours = 24;
  maxRecordKiB: number;
  readonly tags: Map<string, string> = new Map();
  readonly consumers: Map<string, RegisteredConsumer> = new Map();
  readonly monitoring: Set<string> = new Set();
  encryptionKey: string | undefined;
  /** Moments of UpdateShardCount, for the quota per day. */
  shardCountUpdates: readonly number[] = [];
  #shards: Shard[] = [];
  #open: Shard[] = [];
  #openStarts: string[] = [];
  #shardsEver = 0;
  #highestSecond: number;

  constructor(origin: StreamOrigin) {
    this.name = origin.name;
    this.arn = origin.arn;
    this.streamId = origin.streamId;
    this.createdMs = origin.createdMs;
    this.mode = origin.mode;
    this.maxRecordKiB = origin.maxRecordKiB;
    this.#highestSecond = origin.creationSecond;
    for (const range of evenRanges(origin.shardCount))
      this.#openShard(range.start, range.end, origin.createdMs, []);
    this.#open = [...this.#shards];
    this.#openStarts = this.#open.map((shard) => hashKeyHex(shard.start));
  }

  /** The greatest creation second among its shards, so that a namesake's numbers are above. */
  get highestSecond(): number {
    return this.#highestSecond;
  }

  get openShards(): readonly Shard[] {
    return this.#open;
  }

  horizonMs(now: number): number {
    return now - this.retentionHours * 3_600_000;
  }

  /** Shards in retention, by id. Closed ones leave when their end does, and are forgotten. */
  shards(now: number): readonly Shard[] {
    const horizon = this.horizonMs(now);
    if (this.#shards.some((shard) => (shard.closedMs ?? Infinity) < horizon))
      this.#shards = this.#shards.filter((shard) => (shard.closedMs ?? Infinity) >= horizon);
    return this.#shards;
  }

  shard(id: string, now: number): Shard | undefined {
    const shard = this.shards(now).find((candidate) => candidate.id === id);
    shard?.trim(this.horizonMs(now));
    return shard;
  }

  trim(now: number): void {
    for (const shard of this.shards(now)) shard.trim(this.horizonMs(now));
  }

  /** The open shard a record belongs to. */
  route(partitionKey: string, explicitHashKey: bigint | undefined): Shard {
    const [only] = this.#open;
    if (only && this.#open.length === 1) return only;
    const hash =
      explicitHashKey === undefined ? partitionKeyHashHex(partitionKey) : hashKeyHex(explicitHashKey);
    const shard = this.#open[this.#openAt(hash)];
    if (!shard) throw invalidArgument(`Stream ${this.name} has no open shard`);
    return shard;
  }

  split(parent: Shard, newStart: bigint, now: number): void {
    const children = [
      this.#openShard(parent.start, newStart - 1n, now, [parent]),
      this.#openShard(newStart, parent.end, now, [parent]),
    ];
    parent.close(now, children);
    this.#replaceOpen(parent, 1, children);
  }

  merge(one: Shard, other: Shard, now: number): void {
    const [lower, upper] = one.start < other.start ? [one, other] : [other, one];
    const child = this.#openShard(lower.start, upper.end, now, [one, other]);
    one.close(now, [child]);
    other.close(now, [child]);
    this.#replaceOpen(lower, 2, [child]);
  }

  /** Cuts at the new boundaries, then joins what lies between two of them: only splits and merges, as the service. */
  retarget(shardCount: number, now: number): void {
    const ranges = evenRanges(shardCount);
    for (const { start } of ranges) {
      const crossing = this.#open[this.#openAt(hashKeyHex(start))];
      if (crossing && crossing.start < start) this.split(crossing, start, now);
    }
    for (const range of ranges) {
      for (;;) {
        const at = this.#openAt(hashKeyHex(range.start));
        const first = this.#open[at];
        const second = this.#open[at + 1];
        if (!first || !second || second.end > range.end) break;
        this.merge(first, second, now);
      }
    }
  }

  #openShard(start: bigint, end: bigint, now: number, parents: readonly Shard[]): Shard {
    const second = Math.max(
      Math.floor(now / 1000),
      this.#shardsEver === 0 ? this.#highestSecond : 0,
      ...parents.map((parent) => parent.creationSecond + 1),
    );
    this.#highestSecond = Math.max(this.#highestSecond, second);
    const shard = new Shard({
      index: this.#shardsEver,
      start,
      end,
      openedMs: now,
      creationSecond: parents.length === 0 ? this.#highestSecond : second,
      parentIds: parents.map((parent) => parent.id),
    });
    this.#shardsEver += 1;
    this.#shards.push(shard);
    return shard;
  }

  /** Index of the open shard whose range holds a hash key. */
  #openAt(hash: string): number {
    let low = 0;
    let high = this.#open.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#openStarts[middle] ?? "") <= hash) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #replaceOpen(first: Shard, count: number, children: readonly Shard[]): void {
    const at = this.#open.indexOf(first);
    this.#open.splice(at, count, ...children);
    this.#openStarts.splice(at, count, ...children.map((shard) => hashKeyHex(shard.start)));
  }
}
