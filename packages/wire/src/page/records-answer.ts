import type { PageRecord } from "./page-record.js";

/** A shard that follows a closed one, as GetRecords and SubscribeToShard name it (API reference, ChildShard). */
export interface ChildShardAnswer {
  readonly ShardId: string;
  readonly ParentShards: string[];
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
}

/**
 * An answer to GetRecords, or one event of SubscribeToShard: the members of the SDK's output, of either operation. A member that the
 * service left out is absent.
 */
export interface RecordsAnswer {
  Records?: PageRecord[];
  /** GetRecords only. */
  NextShardIterator?: string;
  /** SubscribeToShard only. */
  ContinuationSequenceNumber?: string;
  MillisBehindLatest?: number;
  ChildShards?: ChildShardAnswer[];
}
