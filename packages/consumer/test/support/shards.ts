import type { ChildShard } from "@kinesis-connectors/core";
import { KinesisCallError, type KinesisApi, type ListedShard } from "../../src/kinesis/kinesis-api.js";

const SPACE = 1n << 128n;

/** A shard's id as Kinesis numbers them. */
export function shardIdOf(index: number): string {
  return `shardId-${`${index}`.padStart(12, "0")}`;
}

/** Shards in memory that can be split and merged, and what ListShards says of them. */
export class FakeShards {
  readonly shards: ListedShard[] = [];
  readonly requests: object[] = [];
  /** Failures of the next calls, in order. */
  readonly failures: KinesisCallError[] = [];
  pageSize = 1_000;

  constructor(count: number) {
    for (let index = 0; index < count; index += 1) {
      const start = (SPACE * BigInt(index)) / BigInt(count);
      const end = (SPACE * BigInt(index + 1)) / BigInt(count) - 1n;
      this.#add([], start, end);
    }
  }

  readonly listShards: KinesisApi["listShards"] = async (request) => {
    this.requests.push(request);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const begin = request.nextToken === undefined ? 0 : Number(request.nextToken.slice(1));
    const filter = request.nextToken === undefined ? request.filter : this.#filter;
    this.#filter = filter;
    const all =
      filter?.type === "at-latest"
        ? this.shards.filter((shard) => shard.endingSequenceNumber === undefined)
        : filter === undefined
          ? this.shards
          : this.shards.filter(({ parentShardId }) => !this.shards.some((p) => p.shardId === parentShardId));
    const end = begin + this.pageSize;
    return { shards: all.slice(begin, end), nextToken: end < all.length ? `t${end}` : undefined };
  };

  #filter: { readonly type: string } | undefined;

  split(shardId: string): readonly ChildShard[] {
    const { start, end } = this.#close(shardId);
    const middle = (start + end) / 2n;
    return [childOf(this.#add([shardId], start, middle)), childOf(this.#add([shardId], middle + 1n, end))];
  }

  merge(shardId: string, adjacent: string): readonly ChildShard[] {
    const first = this.#close(shardId);
    const second = this.#close(adjacent);
    return [childOf(this.#add([shardId, adjacent], first.start, second.end))];
  }

  /** The stream keeps nothing of the shard any more. */
  trim(shardId: string): void {
    this.shards.splice(
      this.shards.findIndex((shard) => shard.shardId === shardId),
      1,
    );
  }

  #close(shardId: string): { readonly start: bigint; readonly end: bigint } {
    const index = this.shards.findIndex((shard) => shard.shardId === shardId);
    const shard = this.shards[index];
    if (shard === undefined) throw new Error(`no shard ${shardId}`);
    this.shards[index] = { ...shard, endingSequenceNumber: `${this.shards.length}000` };
    return { start: BigInt(shard.startingHashKey), end: BigInt(shard.endingHashKey) };
  }

  #next = 0;

  #add(parents: readonly string[], start: bigint, end: bigint): ListedShard {
    const index = this.#next++;
    const shard: ListedShard = {
      shardId: shardIdOf(index),
      parentShardId: parents[0],
      adjacentParentShardId: parents[1],
      startingHashKey: `${start}`,
      endingHashKey: `${end}`,
      startingSequenceNumber: `${index}00`,
      endingSequenceNumber: undefined,
    };
    this.shards.push(shard);
    return shard;
  }
}

function childOf(shard: ListedShard): ChildShard {
  return {
    shardId: shard.shardId,
    parentShardIds: [shard.parentShardId, shard.adjacentParentShardId].filter((id) => id !== undefined),
    startingHashKey: shard.startingHashKey,
    endingHashKey: shard.endingHashKey,
  };
}
