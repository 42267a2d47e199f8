import { deaggregate, maxHashKey, partitionHashKey } from "@kinesis-connectors/wire";
import { CallError } from "../world/call-error.js";
import { BEGINNING_MS } from "../world/sim-process.js";

/** A record in a shard. */
export interface StoredRecord {
  readonly sequence: number;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly arrivedMs: number;
}

export interface SimShard {
  readonly shardId: string;
  readonly startingHashKey: bigint;
  readonly endingHashKey: bigint;
  readonly parentShardIds: readonly string[];
  readonly openedMs: number;
  readonly startingSequence: number;
  closedMs: number | undefined;
  endingSequence: number | undefined;
  childShardIds: readonly string[];
  /** Records that the stream still keeps, oldest first. */
  records: StoredRecord[];
  /** When the last reads came: five a second are let through. */
  readonly reads: number[];
}

/** Told of each shard, of each record that was put, and of each that retention took away. */
export interface StreamListener {
  readonly opened: (shard: SimShard) => void;
  readonly put: (shard: SimShard, record: StoredRecord) => void;
  readonly trimmed: (shard: SimShard, record: StoredRecord) => void;
}

/** A Kinesis stream in memory: shards with hash key ranges, puts, splits, merges, retention. Times are virtual milliseconds. */
export class SimStream {
  readonly shards: SimShard[] = [];
  readonly retentionMs: number;
  readonly #listener: StreamListener;
  #lastSequence: number;
  #lastShard = -1;

  constructor(options: {
    readonly shards: number;
    readonly retentionMs: number;
    readonly firstSequence: number;
    readonly listener: StreamListener;
  }) {
    this.retentionMs = options.retentionMs;
    this.#lastSequence = options.firstSequence;
    this.#listener = options.listener;
    const size = (maxHashKey + 1n) / BigInt(options.shards);
    for (let index = 0; index < options.shards; index += 1) {
      const start = size * BigInt(index);
      const isLast = index === options.shards - 1;
      this.#open(start, isLast ? maxHashKey : start + size - 1n, [], 0);
    }
  }

  get openShards(): readonly SimShard[] {
    return this.shards.filter((shard) => shard.closedMs === undefined);
  }

  shard(shardId: string): SimShard | undefined {
    return this.shards.find((shard) => shard.shardId === shardId);
  }

  put(
    data: Uint8Array,
    partitionKey: string,
    explicitHashKey: string | undefined,
    nowMs: number,
    gap = 1,
  ): { readonly shard: SimShard; readonly record: StoredRecord } {
    const hashKey = explicitHashKey === undefined ? partitionHashKey(partitionKey) : BigInt(explicitHashKey);
    const shard = this.openShards.find(
      ({ startingHashKey, endingHashKey }) => startingHashKey <= hashKey && hashKey <= endingHashKey,
    );
    if (shard === undefined) throw new Error("no shard takes the record");
    const sequence = this.#nextSequence(gap);
    const record = { sequence, sequenceNumber: String(sequence), partitionKey, data, arrivedMs: nowMs };
    shard.records.push(record);
    this.#listener.put(shard, record);
    return { shard, record };
  }

  /** Splits a shard in the middle; returns whether it is wide enough. */
  split(shard: SimShard, nowMs: number): boolean {
    const { startingHashKey, endingHashKey, shardId } = shard;
    if (endingHashKey - startingHashKey < 8n) return false;
    const middle = (startingHashKey + endingHashKey) / 2n;
    this.#close(shard, nowMs);
    shard.childShardIds = [
      this.#open(startingHashKey, middle, [shardId], nowMs),
      this.#open(middle + 1n, endingHashKey, [shardId], nowMs),
    ];
    return true;
  }

  /** Merges a shard with the one whose hash keys follow; returns whether there is one. */
  merge(shard: SimShard, nowMs: number): boolean {
    const next = this.openShards.find(({ startingHashKey }) => startingHashKey === shard.endingHashKey + 1n);
    if (next === undefined) return false;
    this.#close(shard, nowMs);
    this.#close(next, nowMs);
    const parents = [shard.shardId, next.shardId];
    const child = this.#open(shard.startingHashKey, next.endingHashKey, parents, nowMs);
    shard.childShardIds = [child];
    next.childShardIds = [child];
    return true;
  }

  /** Takes away what is older than the retention, and the closed shards that hold nothing any more. */
  trim(nowMs: number): void {
    const horizonMs = nowMs - this.retentionMs;
    for (const shard of this.shards) {
      const kept = shard.records.findIndex(({ arrivedMs }) => arrivedMs >= horizonMs);
      const gone = shard.records.splice(0, kept < 0 ? shard.records.length : kept);
      for (const record of gone) this.#listener.trimmed(shard, record);
    }
    const isGone = (shard: SimShard): boolean =>
      shard.closedMs !== undefined && shard.closedMs < horizonMs && shard.records.length === 0;
    const left = this.shards.filter((shard) => !isGone(shard));
    if (left.length < this.shards.length) this.shards.splice(0, this.shards.length, ...left);
  }

  /** The first place to read from, as a lower bound of sequences. */
  placeOf(
    shard: SimShard,
    type: string,
    sequenceNumber: string | undefined,
    timestampMs: number,
    nowMs: number,
  ): number {
    switch (type) {
      case "TRIM_HORIZON":
        return 0;
      case "LATEST":
        return (shard.records.at(-1)?.sequence ?? this.#lastSequence) + 1;
      case "AT_TIMESTAMP": {
        const virtualMs = timestampMs - BEGINNING_MS;
        if (virtualMs > nowMs) throw new CallError("InvalidArgumentException", 400);
        const first = shard.records.find(({ arrivedMs }) => arrivedMs >= virtualMs);
        return first?.sequence ?? (shard.records.at(-1)?.sequence ?? this.#lastSequence) + 1;
      }
      default: {
        const sequence = Number(sequenceNumber);
        if (sequence < shard.startingSequence || sequence > (shard.endingSequence ?? this.#lastSequence))
          throw new CallError("InvalidArgumentException", 400);
        return type === "AFTER_SEQUENCE_NUMBER" ? sequence + 1 : sequence;
      }
    }
  }

  #open(start: bigint, end: bigint, parentShardIds: readonly string[], nowMs: number): string {
    this.#lastShard += 1;
    const shardId = `shardId-${String(this.#lastShard).padStart(12, "0")}`;
    const shard: SimShard = {
      shardId,
      startingHashKey: start,
      endingHashKey: end,
      parentShardIds,
      openedMs: nowMs,
      startingSequence: this.#nextSequence(1),
      closedMs: undefined,
      endingSequence: undefined,
      childShardIds: [],
      records: [],
      reads: [],
    };
    this.shards.push(shard);
    this.#listener.opened(shard);
    return shardId;
  }

  #close(shard: SimShard, nowMs: number): void {
    shard.closedMs = nowMs;
    shard.endingSequence = this.#nextSequence(1);
  }

  #nextSequence(gap: number): number {
    this.#lastSequence += gap;
    return this.#lastSequence;
  }
}

/** The user records in a stored record: how many, and whether the rule of hash key ranges drops them as a whole. */
export function userRecordsOf(
  shard: SimShard,
  record: StoredRecord,
): { readonly count: number; readonly isDropped: boolean; readonly data: readonly Uint8Array[] } {
  const { startingHashKey, endingHashKey } = shard;
  const opened = deaggregate(record.data, { startingHashKey, endingHashKey });
  if (opened.kind === "aggregated")
    return { count: opened.records.length, isDropped: false, data: opened.records.map(({ data }) => data) };
  if (opened.kind === "outside-range") return { count: opened.count, isDropped: true, data: [] };
  return { count: 1, isDropped: false, data: [record.data] };
}
