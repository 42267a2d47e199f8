import type { VNode } from "preact";
import type { Asks } from "../model/asks.js";
import { shortShard } from "../model/format.js";

/** The number of a shard, which leads to it. */
export function ShardLink({ shardId, asks }: { readonly shardId: string; readonly asks: Asks }): VNode {
  return (
    <button type="button" class="plain link" title={shardId} onClick={() => asks.shard(shardId)}>
      {shortShard(shardId)}
    </button>
  );
}
