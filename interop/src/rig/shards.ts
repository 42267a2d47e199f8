import type { LocalAws } from "@kinesis-connectors/local";

interface ListedShard {
  readonly ShardId: string;
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
}

/** The shards of a stream, and changes of them. */
export class Shards {
  readonly #aws: LocalAws;
  readonly #stream: string;

  constructor(aws: LocalAws, stream: string) {
    this.#aws = aws;
    this.#stream = stream;
  }

  /** Splits a shard in the middle. */
  split(number: number): void {
    const { ShardId, HashKeyRange } = this.#shard(number);
    const [low, high] = [BigInt(HashKeyRange.StartingHashKey), BigInt(HashKeyRange.EndingHashKey)];
    this.#aws.kinesis.call("SplitShard", {
      StreamName: this.#stream,
      ShardToSplit: ShardId,
      NewStartingHashKey: String((low + high) / 2n + 1n),
    });
  }

  merge(one: number, other: number): void {
    this.#aws.kinesis.call("MergeShards", {
      StreamName: this.#stream,
      ShardToMerge: this.#shard(one).ShardId,
      AdjacentShardToMerge: this.#shard(other).ShardId,
    });
  }

  #shard(number: number): ListedShard {
    const { Shards } = this.#aws.kinesis.call("ListShards", { StreamName: this.#stream });
    const wanted = shardId(number);
    const found = (Shards as unknown as readonly ListedShard[]).find(({ ShardId }) => ShardId === wanted);
    if (found === undefined) throw new Error(`there is no ${wanted}`);
    return found;
  }
}

/** `shardId-` and 12 digits. */
export function shardId(number: number): string {
  return `shardId-${String(number).padStart(12, "0")}`;
}
