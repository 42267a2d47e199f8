import type { ListShardsCommandInput, Shard } from "@aws-sdk/client-kinesis";
import { type HashKeyRange, isInHashKeyRange } from "@kinesis-connectors/wire";
import { limited, type RequestBounds } from "@kinesis-connectors/aws";
import type { KinesisConnection } from "./connection.js";
import { kinesisSdk } from "./load-sdk.js";
import { MAX_LISTED_SHARDS } from "./limits.js";
import type { StreamTarget } from "./settings.js";

/** Which open shard of the target owns which part of the hash-key space. */
export interface ShardMap {
  /** The shard that owns the hash key; undefined in the moment of a reshard when none is listed for it. */
  readonly shardOf: (hashKey: bigint) => string | undefined;
  /** Whether one shard owns all of these hash keys. */
  readonly ownsAll: (shardId: string, hashKeys: readonly bigint[]) => boolean;
}

interface OwnedRange extends HashKeyRange {
  readonly shardId: string;
}

/** Puts a map together from what ListShards said. Pure. */
export function shardMapOf(shards: readonly Shard[]): ShardMap {
  const ranges = shards
    .flatMap(({ ShardId: shardId, HashKeyRange: range }): OwnedRange[] =>
      shardId === undefined || range?.StartingHashKey === undefined || range.EndingHashKey === undefined
        ? []
        : [
            {
              shardId,
              startingHashKey: BigInt(range.StartingHashKey),
              endingHashKey: BigInt(range.EndingHashKey),
            },
          ],
    )
    .toSorted((one, other) => (one.startingHashKey < other.startingHashKey ? -1 : 1));
  return {
    shardOf: (hashKey) => {
      let low = 0;
      let high = ranges.length;
      // The last range that starts at or before the key.
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((ranges[middle] as OwnedRange).startingHashKey <= hashKey) low = middle + 1;
        else high = middle;
      }
      const range = ranges[low - 1];
      return range !== undefined && isInHashKeyRange(hashKey, range) ? range.shardId : undefined;
    },
    ownsAll: (shardId, hashKeys) => {
      const range = ranges.find((owned) => owned.shardId === shardId);
      return range !== undefined && hashKeys.every((hashKey) => isInHashKeyRange(hashKey, range));
    },
  };
}

/** Lists the open shards. Rejects with the SDK's error. */
export async function listOpenShards(
  connection: KinesisConnection,
  target: StreamTarget,
  bounds: RequestBounds,
): Promise<ShardMap> {
  const shards: Shard[] = [];
  let nextToken: string | undefined;
  do {
    // A token names the stream and the filter by itself; giving them again is refused (API reference, ListShards).
    const input: ListShardsCommandInput =
      nextToken === undefined
        ? { ...target, ShardFilter: { Type: "AT_LATEST" }, MaxResults: MAX_LISTED_SHARDS }
        : { NextToken: nextToken, MaxResults: MAX_LISTED_SHARDS };
    const { ListShardsCommand } = await kinesisSdk();
    const answer = await limited(connection, bounds, (abortSignal) =>
      connection.client.send(new ListShardsCommand(input), { abortSignal }),
    );
    shards.push(...(answer.Shards ?? []));
    nextToken = answer.NextToken;
  } while (nextToken !== undefined);
  return shardMapOf(shards);
}
