import { maxHashKey } from "@kinesis-connectors/wire";
import type { InputRecord } from "../input/records-of.js";
import { shapeIn, ShardPages } from "./pages.js";

const ARN = "arn:aws:kinesis:us-east-1:000000000000:stream";

/** A request of a reader: the operation without its service, and the body. Records are asked for in AWS-CBOR, everything else in JSON. */
interface KinesisRequest {
  readonly operation: string;
  readonly body: Buffer;
}

/** Answers requests of a reader in their own encoding. */
export function kinesisAnswers(records: readonly InputRecord[]): (request: KinesisRequest) => Buffer {
  const shards = new Map<string, ShardPages>();
  return ({ operation, body }) => {
    const { stream, perPage, shard, shards: count } = shapeIn(body);
    const iterator = `${stream}:${shardIdOf(shard)}`;
    if (operation !== "GetRecords")
      return Buffer.from(JSON.stringify(controlAnswer(operation, stream, count, iterator)));
    let pages = shards.get(iterator);
    if (pages === undefined) {
      pages = new ShardPages(records, iterator, perPage, Math.floor((records.length / count) * shard));
      shards.set(iterator, pages);
    }
    return pages.next();
  };
}

function shardIdOf(shard: number): string {
  return `shardId-${String(shard).padStart(12, "0")}`;
}

function controlAnswer(operation: string, stream: string, count: number, iterator: string): object {
  switch (operation) {
    case "DescribeStreamSummary":
      return {
        StreamDescriptionSummary: {
          StreamName: stream,
          StreamARN: `${ARN}/${stream}`,
          StreamStatus: "ACTIVE",
          RetentionPeriodHours: 8760,
          StreamCreationTimestamp: Date.UTC(2026, 0, 1) / 1000,
          EnhancedMonitoring: [],
          OpenShardCount: count,
        },
      };
    case "ListShards":
      return { Shards: shardList(count) };
    case "GetShardIterator":
      return { ShardIterator: iterator };
    default:
      return {};
  }
}

function shardList(count: number): readonly object[] {
  const share = (maxHashKey + 1n) / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    ShardId: shardIdOf(index),
    HashKeyRange: {
      StartingHashKey: String(share * BigInt(index)),
      EndingHashKey: String(index === count - 1 ? maxHashKey : share * BigInt(index + 1) - 1n),
    },
    SequenceNumberRange: { StartingSequenceNumber: "1" },
  }));
}
