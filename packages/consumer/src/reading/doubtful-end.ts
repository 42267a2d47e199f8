import type { ChildShard } from "@kinesis-connectors/core";

import { listAllShards } from "../worker/shard-sync/all-shards.js";
import { childrenOf } from "../worker/shard-sync/shard-sync.js";
import type { ReaderContext } from "./reader-context.js";

/** The facts in an answer or an event about where a shard goes on. */
export interface Continuation {
  readonly nextIterator: string | undefined;
  readonly childShards: readonly ChildShard[] | undefined;
}

/** What to make of an answer that contradicts itself: ask again, take it and go on, or take it as the end before these children. */
export type EndVerdict =
  | { readonly type: "again" }
  | { readonly type: "goes-on" }
  | { readonly type: "ended"; readonly childShards: readonly ChildShard[] };

// Kinesis contradicts itself for moments during a reshard; kinesalite and some proxies never name the children.
const DOUBTS_PER_LISTING = 3;

/** An answer either goes on or names the children, and every child names its parents. Anything else is not a shard's end. */
export function isConsistent({ nextIterator, childShards }: Continuation): boolean {
  const goesOn = nextIterator !== undefined;
  const ends = childShards !== undefined && childShards.length > 0;
  if (goesOn === ends) return false;
  return childShards?.every((child) => child.parentShardIds.length > 0) ?? true;
}

/**
 * Answers of one shard that contradict themselves about its end. The first are not believed (KCL 2.2.5): believing them could end the shard
 * with records unread. When they go on so, the list of shards decides.
 */
export class DoubtfulEnd {
  readonly #context: ReaderContext;
  #doubts = 0;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  /** An answer was consistent. */
  believed(): void {
    this.#doubts = 0;
  }

  /** @throws as `listAllShards` */
  async judge({ nextIterator }: Continuation, signal: AbortSignal): Promise<EndVerdict> {
    const { api, stream, shardId, observe, clock, random } = this.#context;
    observe({ type: "shard-end-doubt", stream, shardId });
    this.#doubts += 1;
    if (this.#doubts % DOUBTS_PER_LISTING !== 0) return { type: "again" };
    // Where there is more, reading on loses nothing, whatever children are named already.
    if (nextIterator !== undefined) return { type: "goes-on" };
    const shards = await listAllShards({ kinesis: api, clock, random, signal });
    const own = shards.find((shard) => shard.shardId === shardId);
    if (own !== undefined && own.endingSequenceNumber === undefined) return { type: "again" };
    const childShards = childrenOf(shardId, shards);
    // A closed shard that is still kept has children: without them the listing is as doubtful as the answer.
    return own !== undefined && childShards.length === 0 ? { type: "again" } : { type: "ended", childShards };
  }
}
