import type {
  IteratorPosition,
  KinesisApi,
  ListedShard,
  StreamRecord,
} from "@kinesis-connectors/consumer/reading";
import { KinesisCallError } from "@kinesis-connectors/consumer/reading";
import { type Clock, compareSequenceNumbers } from "@kinesis-connectors/core";
import { createAggregator, maxHashKey } from "@kinesis-connectors/wire";

export const STREAM_ARN = "arn:aws:kinesis:eu-central-1:000000000000:stream/clicks";

interface FakeShard {
  readonly shard: ListedShard;
  readonly records: StreamRecord[];
  children: readonly string[] | undefined;
}

export const shardIdOf = (number: number): string => `shardId-${String(number).padStart(12, "0")}`;

/** A stream in memory. Sequence numbers are as long as the service's, and rise over all shards. */
export class FakeStream {
  readonly #shards = new Map<string, FakeShard>();
  readonly #clock: Clock;
  #sequence = 0n;
  #nextShard = 0;
  /** What producers put, by shard: `<sequence>.<sub>` of each user record, with its text. */
  readonly put: { readonly shardId: string; readonly position: string; readonly text: string }[] = [];

  constructor(clock: Clock, shardCount: number) {
    this.#clock = clock;
    for (let index = 0; index < shardCount; index += 1) {
      const width = (maxHashKey + 1n) / BigInt(shardCount);
      const begin = width * BigInt(index);
      this.#add(begin, index === shardCount - 1 ? maxHashKey : begin + width - 1n, undefined);
    }
  }

  get openShardIds(): readonly string[] {
    return [...this.#shards.values()]
      .filter(({ children }) => children === undefined)
      .map(({ shard }) => shard.shardId);
  }

  putRecord(shardId: string, text: string, partitionKey = "key"): void {
    const sequenceNumber = this.#append(shardId, new TextEncoder().encode(text), partitionKey);
    this.put.push({ shardId, position: `${sequenceNumber}.0`, text });
  }

  /** As a producer does that packs records: their hash keys are those of the shard. */
  /** With the hash keys of another shard it is one that a producer sends for a moment after a reshard. */
  putAggregate(shardId: string, texts: readonly string[], hashKeysOf: string = shardId): void {
    const explicitHashKey = this.#shard(hashKeysOf).shard.startingHashKey;
    const aggregator = createAggregator();
    for (const text of texts)
      aggregator.add({ data: new TextEncoder().encode(text), partitionKey: "key", explicitHashKey });
    const packed = aggregator.flush();
    if (packed === undefined) throw new Error("nothing was packed");
    const sequenceNumber = this.#append(shardId, packed.data, packed.partitionKey);
    for (const [index, text] of texts.entries())
      this.put.push({ shardId, position: `${sequenceNumber}.${index}`, text });
  }

  split(shardId: string): readonly string[] {
    const parent = this.#shard(shardId);
    const begin = BigInt(parent.shard.startingHashKey);
    const end = BigInt(parent.shard.endingHashKey);
    const middle = (begin + end) / 2n;
    parent.children = [this.#add(begin, middle, shardId), this.#add(middle + 1n, end, shardId)];
    return parent.children;
  }

  /** A port of the stream, for one client. */
  api(): KinesisApi {
    const refuse = (): never => {
      throw new KinesisCallError("none", "invalid-argument", "not in this stream");
    };
    return {
      describeStream: () =>
        Promise.resolve({
          streamName: "clicks",
          streamArn: STREAM_ARN,
          status: "ACTIVE",
          retentionHours: 24,
          openShardCount: this.openShardIds.length,
          createdMs: 0,
        }),
      listShards: () =>
        Promise.resolve({
          shards: [...this.#shards.values()].map(({ shard }) => shard),
          nextToken: undefined,
        }),
      getShardIterator: (shardId, position) =>
        Promise.resolve(`${shardId}/${this.#indexOf(shardId, position)}`),
      getRecords: (iterator, limit) => {
        const [shardId = "", from = ""] = iterator.split("/");
        const { records, children } = this.#shard(shardId);
        const begin = Number(from);
        const answered = records.slice(begin, begin + limit);
        const end = begin + answered.length;
        const isEnd = children !== undefined && end === records.length;
        return Promise.resolve({
          records: answered,
          nextIterator: isEnd ? undefined : `${shardId}/${end}`,
          millisBehindLatest: end === records.length ? 0 : 1_000,
          childShards: isEnd ? children.map((id) => this.#childOf(id, shardId)) : undefined,
        });
      },
      describeConsumer: refuse,
      registerConsumer: refuse,
      subscribeToShard: refuse,
      close: () => undefined,
    };
  }

  #indexOf(shardId: string, position: IteratorPosition): number {
    const { records } = this.#shard(shardId);
    const first = (isFrom: (record: StreamRecord) => boolean): number => {
      const index = records.findIndex(isFrom);
      return index === -1 ? records.length : index;
    };
    switch (position.type) {
      case "trim-horizon":
        return 0;
      case "latest":
        return records.length;
      case "at-timestamp":
        return first(({ arrivalTimeMs }) => arrivalTimeMs >= position.timestampMs);
      case "at-sequence-number":
        return first(
          ({ sequenceNumber }) => compareSequenceNumbers(sequenceNumber, position.sequenceNumber) >= 0,
        );
      default:
        position.type satisfies "after-sequence-number";
        return first(
          ({ sequenceNumber }) => compareSequenceNumbers(sequenceNumber, position.sequenceNumber) > 0,
        );
    }
  }

  #childOf(shardId: string, parent: string) {
    const { startingHashKey, endingHashKey } = this.#shard(shardId).shard;
    return { shardId, parentShardIds: [parent], startingHashKey, endingHashKey };
  }

  #append(shardId: string, data: Uint8Array, partitionKey: string): string {
    const sequenceNumber = this.#next();
    // Milliseconds with a fraction in seconds, as the service writes them.
    this.#shard(shardId).records.push({
      sequenceNumber,
      partitionKey,
      data,
      arrivalTimeMs: this.#clock.now(),
    });
    return sequenceNumber;
  }

  #next(): string {
    this.#sequence += 1n;
    return `${49590338271490256608559692538361571095921575989136588898n + this.#sequence}`;
  }

  #add(begin: bigint, end: bigint, parentShardId: string | undefined): string {
    const shardId = shardIdOf(this.#nextShard);
    this.#nextShard += 1;
    this.#shards.set(shardId, {
      shard: {
        shardId,
        parentShardId,
        adjacentParentShardId: undefined,
        startingHashKey: `${begin}`,
        endingHashKey: `${end}`,
        startingSequenceNumber: this.#next(),
        endingSequenceNumber: undefined,
      },
      records: [],
      children: undefined,
    });
    return shardId;
  }

  #shard(shardId: string): FakeShard {
    const shard = this.#shards.get(shardId);
    if (shard === undefined) throw new Error(`no shard ${shardId}`);
    return shard;
  }
}
