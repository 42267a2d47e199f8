import type {
  ChildShard as SdkChildShard,
  Shard,
  ShardFilter,
  StartingPosition,
  _Record as SdkRecord,
} from "@aws-sdk/client-kinesis";
import type { ChildShard } from "@kinesis-connectors/core";
import { PageRecord } from "@kinesis-connectors/wire";
import type {
  IteratorPosition,
  ListedShard,
  ShardListFilter,
  StreamConsumer,
  StreamRecord,
} from "./kinesis-api.js";

/** This is where every record read passes: those of our own protocol as they are, those of another client in one plain loop. */
export function toRecords(records: readonly SdkRecord[] | undefined): readonly StreamRecord[] {
  if (records === undefined) return [];
  if (arePageRecords(records)) return records;
  const converted: StreamRecord[] = [];
  for (const record of records) {
    converted.push({
      sequenceNumber: record.SequenceNumber ?? "",
      partitionKey: record.PartitionKey ?? "",
      data: record.Data ?? new Uint8Array(0),
      arrivalTimeMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
    });
  }
  return converted;
}

/** One answer comes from one protocol, so its first record speaks for all. */
function arePageRecords(
  records: readonly SdkRecord[] | readonly PageRecord[],
): records is readonly PageRecord[] {
  return records[0] instanceof PageRecord;
}

export function toChildShards(childShards: readonly SdkChildShard[] | undefined): ChildShard[] | undefined {
  if (childShards === undefined || childShards.length === 0) return undefined;
  return childShards.map((child) => ({
    shardId: child.ShardId ?? "",
    parentShardIds: child.ParentShards ?? [],
    startingHashKey: child.HashKeyRange?.StartingHashKey ?? "",
    endingHashKey: child.HashKeyRange?.EndingHashKey ?? "",
  }));
}

export function toListedShard(shard: Shard): ListedShard {
  return {
    shardId: shard.ShardId ?? "",
    parentShardId: shard.ParentShardId,
    adjacentParentShardId: shard.AdjacentParentShardId,
    startingHashKey: shard.HashKeyRange?.StartingHashKey ?? "",
    endingHashKey: shard.HashKeyRange?.EndingHashKey ?? "",
    startingSequenceNumber: shard.SequenceNumberRange?.StartingSequenceNumber ?? "",
    endingSequenceNumber: shard.SequenceNumberRange?.EndingSequenceNumber,
  };
}

const FILTER_TYPES = {
  "at-trim-horizon": "AT_TRIM_HORIZON",
  "at-latest": "AT_LATEST",
  "at-timestamp": "AT_TIMESTAMP",
} as const;

export function toFilter(filter: ShardListFilter): ShardFilter {
  return {
    Type: FILTER_TYPES[filter.type],
    ...(filter.type === "at-timestamp" ? { Timestamp: new Date(filter.timestampMs) } : {}),
  };
}

const POSITION_TYPES = {
  "trim-horizon": "TRIM_HORIZON",
  latest: "LATEST",
  "at-timestamp": "AT_TIMESTAMP",
  "at-sequence-number": "AT_SEQUENCE_NUMBER",
  "after-sequence-number": "AFTER_SEQUENCE_NUMBER",
} as const;

export function toStartingPosition(position: IteratorPosition): StartingPosition {
  return {
    Type: POSITION_TYPES[position.type],
    ...("timestampMs" in position ? { Timestamp: new Date(position.timestampMs) } : {}),
    ...("sequenceNumber" in position ? { SequenceNumber: position.sequenceNumber } : {}),
  };
}

export function toConsumer(
  consumer:
    | { ConsumerARN?: string | undefined; ConsumerStatus?: StreamConsumer["status"] | undefined }
    | undefined,
): StreamConsumer {
  return { consumerArn: consumer?.ConsumerARN ?? "", status: consumer?.ConsumerStatus ?? "CREATING" };
}
