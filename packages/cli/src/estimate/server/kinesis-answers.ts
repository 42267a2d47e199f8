import type { InputRecord } from "../input/records-of.js";
import { cborOf, jsonOf, type Plain } from "./cbor.js";
import { shapeIn, ShardPages } from "./pages.js";

const MAX_HASH_KEY = 2n ** 128n - 1n;
const ARN = "arn:aws:kinesis:us-east-1:000000000000:stream";

/** A request of a reader: the operation without its service, the body, and whether it is in AWS-CBOR. Records are asked for in nothing else. */
interface KinesisRequest {
  readonly operation: string;
  readonly body: Buffer;
  readonly isCbor: boolean;
}

/** Answers requests of a reader in their own encoding. */
export function kinesisAnswers(records: readonly InputRecord[]): (request: KinesisRequest) => Buffer {
  const shards = new Map<string, ShardPages>();
  return ({ operation, body, isCbor }) => {
    const { stream, perPage, shard, shards: count } = shapeIn(body);
    const iterator = `${stream}:${shardIdOf(shard)}`;
    if (operation !== "GetRecords")
      return (isCbor ? cborOf : jsonOf)(controlAnswer(operation, stream, count, iterator));
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

function controlAnswer(operation: string, stream: string, count: number, iterator: string): Plain {
  switch (operation) {
    case "DescribeStreamSummary":
      return {
        StreamDescriptionSummary: {
          StreamName: stream,
          StreamARN: `${ARN}/${stream}`,
          StreamStatus: "ACTIVE",
          RetentionPeriodHours: 8760,
          StreamCreationTimestamp: new Date(Date.UTC(2026, 0, 1)),
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

function shardList(count: number): Plain {
  const share = (MAX_HASH_KEY + 1n) / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    ShardId: shardIdOf(index),
    HashKeyRange: {
      StartingHashKey: String(share * BigInt(index)),
      EndingHashKey: String(index === count - 1 ? MAX_HASH_KEY : share * BigInt(index + 1) - 1n),
    },
    SequenceNumberRange: { StartingSequenceNumber: "1" },
  }));
}
