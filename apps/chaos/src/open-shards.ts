import { pick, type SeededNumbers } from "@kinesis-connectors/app-sample";
import type { LocalAws } from "@kinesis-connectors/local";

interface OpenShard {
  readonly shardId: string;
  readonly start: bigint;
  readonly end: bigint;
}

/** Splits and merges the open shards of a stream, as an operator would. */
export class OpenShards {
  readonly #aws: LocalAws;
  readonly #stream: string;
  readonly #maxShards: number;

  constructor(aws: LocalAws, stream: string, maxShards: number) {
    this.#aws = aws;
    this.#stream = stream;
    this.#maxShards = maxShards;
  }

  /** Splits one in the middle. False when the stream is busy or large enough. */
  split(next: SeededNumbers): boolean {
    const open = this.#open();
    const chosen = pick(next, open);
    if (chosen === undefined || open.length >= this.#maxShards || chosen.end - chosen.start < 2n)
      return false;
    const middle = (chosen.start + chosen.end) / 2n;
    return this.#reshard("SplitShard", {
      ShardToSplit: chosen.shardId,
      NewStartingHashKey: middle.toString(),
    });
  }

  /** Merges two neighbours. False when the stream is busy or has one shard only. */
  merge(next: SeededNumbers): boolean {
    const open = this.#open().toSorted((a, b) => (a.start < b.start ? -1 : 1));
    const at = Math.floor(next() * (open.length - 1));
    const [left, right] = [open[at], open[at + 1]];
    if (left === undefined || right === undefined) return false;
    return this.#reshard("MergeShards", { ShardToMerge: left.shardId, AdjacentShardToMerge: right.shardId });
  }

  #reshard(operation: "SplitShard" | "MergeShards", input: Readonly<Record<string, string>>): boolean {
    try {
      this.#aws.kinesis.call(operation, { StreamName: this.#stream, ...input });
      return true;
    } catch (thrown) {
      // A reshard is under way already: the service refuses a second one, and so does the local server.
      if (
        thrown instanceof Error &&
        /ResourceInUse|LimitExceeded/.test(
          `${thrown.name} ${String(Reflect.get(thrown, "code"))} ${thrown.message}`,
        )
      )
        return false;
      throw thrown;
    }
  }

  #open(): OpenShard[] {
    const answer = this.#aws.kinesis.call("ListShards", {
      StreamName: this.#stream,
      ShardFilter: { Type: "AT_LATEST" },
    });
    return (answer["Shards"] as unknown as readonly ListedShard[]).map(({ ShardId, HashKeyRange }) => ({
      shardId: ShardId,
      start: BigInt(HashKeyRange.StartingHashKey),
      end: BigInt(HashKeyRange.EndingHashKey),
    }));
  }
}

interface ListedShard {
  readonly ShardId: string;
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
}
