import type { Shard } from "./shard.js";
import type { WireObject } from "../protocol/values.js";

/** A shard's range as answers carry it. */
export function hashKeyRange(shard: Shard): WireObject {
  return { StartingHashKey: shard.start.toString(), EndingHashKey: shard.end.toString() };
}

/** What continues a closed shard; after a merge the one child names both parents. */
export function childShards(shard: Shard): readonly WireObject[] {
  return shard.children.map((child) => ({
    ShardId: child.id,
    ParentShards: child.parentIds,
    HashKeyRange: hashKeyRange(child),
  }));
}
