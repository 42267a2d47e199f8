import type { KinesisApi } from "@kinesis-connectors/consumer/kinesis";
import { KinesisCallError, type ListedShard, type StreamRecord } from "@kinesis-connectors/consumer/reading";
import { type ChildShard, type Clock, compareSequenceNumbers } from "@kinesis-connectors/core";

const HASH_KEYS = 2n ** 128n;

interface HistoricShard {
  readonly listed: { -readonly [name in keyof ListedShard]: ListedShard[name] };
  readonly records: StreamRecord[];
  children: readonly ChildShard[] | undefined;
}

/** A stream in memory whose records arrived whenever a test says, with a way to it that reads them as Kinesis does. */
export class History {
  readonly #clock: Clock;
  readonly #shards = new Map<string, HistoricShard>();
  readonly retentionHours: number;
  #lastSequenceNumber = 0;
  /** Limits that GetRecords was asked with, for each shard. */
  readonly asked: {
    readonly shardId: string;
    readonly atMs: number;
    readonly limit: number;
    readonly bytes: number;
  }[] = [];

  constructor(clock: Clock, shardCount: number, retentionHours = 24) {
    this.#clock = clock;
    this.retentionHours = retentionHours;
    for (let nth = 0; nth < shardCount; nth += 1)
      this.#add(
        (HASH_KEYS * BigInt(nth)) / BigInt(shardCount),
        (HASH_KEYS * BigInt(nth + 1)) / BigInt(shardCount) - 1n,
      );
  }

  get openShardIds(): readonly string[] {
    return [...this.#shards.values()].flatMap(({ listed, children }) =>
      children === undefined ? [listed.shardId] : [],
    );
  }

  put(shardId: string, arrivalTimeMs: number, text: string): string {
    this.#lastSequenceNumber += 1;
    const sequenceNumber = String(this.#lastSequenceNumber);
    const data = new TextEncoder().encode(text);
    this.#shard(shardId).records.push({ sequenceNumber, partitionKey: `key-${text}`, data, arrivalTimeMs });
    return sequenceNumber;
  }

  /** Closes a shard; two others follow it. */
  split(shardId: string): readonly string[] {
    const shard = this.#shard(shardId);
    const start = BigInt(shard.listed.startingHashKey);
    const end = BigInt(shard.listed.endingHashKey);
    const middle = (start + end) / 2n;
    const ids = [this.#add(start, middle, shardId), this.#add(middle + 1n, end, shardId)];
    shard.listed.endingSequenceNumber = String(this.#lastSequenceNumber);
    shard.children = ids.map((id) => {
      const { startingHashKey, endingHashKey } = this.#shard(id).listed;
      return { shardId: id, parentShardIds: [shardId], startingHashKey, endingHashKey };
    });
    return ids;
  }

  /** Closes two neighbours; one shard follows them. */
  merge(shardId: string, adjacentShardId: string): string {
    const [left, right] = [this.#shard(shardId), this.#shard(adjacentShardId)];
    const { startingHashKey } = left.listed;
    const { endingHashKey } = right.listed;
    const id = this.#add(BigInt(startingHashKey), BigInt(endingHashKey), shardId, adjacentShardId);
    for (const parent of [left, right]) {
      parent.listed.endingSequenceNumber = String(this.#lastSequenceNumber);
      parent.children = [
        { shardId: id, parentShardIds: [shardId, adjacentShardId], startingHashKey, endingHashKey },
      ];
    }
    return id;
  }

  /** The stream forgets a shard, as after its retention. */
  forget(shardId: string): void {
    this.#shards.delete(shardId);
  }

  connect(): KinesisApi {
    const unused = (): never => {
      throw new Error("not asked by polling");
    };
    return {
      describeStream: () =>
        Promise.resolve({
          streamName: "clicks",
          streamArn: "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks",
          status: "ACTIVE" as const,
          retentionHours: this.retentionHours,
          openShardCount: this.openShardIds.length,
          createdMs: 1,
        }),
      listShards: () =>
        Promise.resolve({
          shards: [...this.#shards.values()].map(({ listed }) => listed),
          nextToken: undefined,
        }),
      getShardIterator: (shardId, position) => {
        const { records } = this.#known("GetShardIterator", shardId);
        let from = 0;
        if (position.type === "at-timestamp")
          from = firstIndex(records, ({ arrivalTimeMs }) => arrivalTimeMs >= position.timestampMs);
        if (position.type === "at-sequence-number")
          from = firstIndex(
            records,
            ({ sequenceNumber }) => compareSequenceNumbers(sequenceNumber, position.sequenceNumber) >= 0,
          );
        return Promise.resolve(`${shardId} ${from}`);
      },
      getRecords: (iterator, limit) => {
        const [shardId = "", at = ""] = iterator.split(" ");
        const { records: all, children } = this.#known("GetRecords", shardId);
        const from = Number(at);
        const records = all.slice(from, from + limit);
        const bytes = records.reduce((sum, { data }) => sum + data.length, 0);
        this.asked.push({ shardId, atMs: this.#clock.now(), limit, bytes });
        const next = from + records.length;
        const isEnd = next === all.length && children !== undefined;
        const nextArrivalMs = all[next]?.arrivalTimeMs;
        return Promise.resolve({
          records,
          nextIterator: isEnd ? undefined : `${shardId} ${next}`,
          millisBehindLatest:
            nextArrivalMs === undefined ? 0 : Math.max(1, this.#clock.now() - nextArrivalMs),
          childShards: isEnd ? children : undefined,
        });
      },
      describeConsumer: unused,
      registerConsumer: unused,
      subscribeToShard: unused,
      close: () => undefined,
    };
  }

  #add(start: bigint, end: bigint, parentShardId?: string, adjacentParentShardId?: string): string {
    const shardId = `shardId-${String(this.#shards.size).padStart(12, "0")}`;
    const listed = {
      shardId,
      parentShardId,
      adjacentParentShardId,
      startingHashKey: String(start),
      endingHashKey: String(end),
      startingSequenceNumber: String(this.#lastSequenceNumber + 1),
      endingSequenceNumber: undefined,
    };
    this.#shards.set(shardId, { listed, records: [], children: undefined });
    return shardId;
  }

  #shard(shardId: string): HistoricShard {
    const shard = this.#shards.get(shardId);
    if (shard === undefined) throw new Error(`there is no ${shardId}`);
    return shard;
  }

  #known(operation: string, shardId: string): HistoricShard {
    const shard = this.#shards.get(shardId);
    if (shard === undefined) throw new KinesisCallError(operation, "not-found", `there is no ${shardId}`);
    return shard;
  }
}

function firstIndex<One>(list: readonly One[], isFirst: (one: One) => boolean): number {
  const index = list.findIndex(isFirst);
  return index === -1 ? list.length : index;
}
