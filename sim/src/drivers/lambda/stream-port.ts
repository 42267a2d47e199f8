import type { KinesisApi, ListedShard } from "@kinesis-connectors/consumer";
import type { SimShard, SimStream } from "../../services/sim-stream.js";
import type { Scheduler } from "../../world/scheduler.js";
import { BEGINNING_MS } from "../../world/sim-process.js";

/** The stream as Lambda itself reads it: at once, and never wrong. */
export function streamPort(
  stream: SimStream,
  scheduler: Scheduler,
): Pick<KinesisApi, "describeStream" | "listShards" | "getShardIterator" | "getRecords"> {
  const shardOf = (shardId: string): SimShard => {
    const shard = stream.shard(shardId);
    if (shard === undefined) throw new Error(`there is no shard ${shardId}`);
    return shard;
  };
  return {
    describeStream: () =>
      Promise.resolve({
        streamName: "sim",
        streamArn: STREAM_ARN,
        status: "ACTIVE",
        retentionHours: 24,
        openShardCount: stream.openShards.length,
        createdMs: undefined,
      }),
    listShards: () => Promise.resolve({ shards: stream.shards.map(listed), nextToken: undefined }),
    getShardIterator: (shardId, position) => {
      const after = position.type === "after-sequence-number" ? position.sequenceNumber : undefined;
      const type = after === undefined ? "TRIM_HORIZON" : "AFTER_SEQUENCE_NUMBER";
      const place = stream.placeOf(shardOf(shardId), type, after, 0, scheduler.nowMs);
      return Promise.resolve(`${shardId} ${place}`);
    },
    getRecords: (iterator, limit) => {
      const [shardId = "", from = "0"] = iterator.split(" ");
      const { records, closedMs } = shardOf(shardId);
      const place = Number(from);
      const left = records.filter(({ sequence }) => sequence >= place);
      const answered = left.slice(0, limit);
      const isAll = answered.length === left.length;
      const next = (answered.at(-1)?.sequence ?? place - 1) + 1;
      return Promise.resolve({
        records: answered.map(({ sequenceNumber, partitionKey, data, arrivedMs }) => ({
          sequenceNumber,
          partitionKey,
          data,
          arrivalTimeMs: BEGINNING_MS + arrivedMs,
        })),
        nextIterator: isAll && closedMs !== undefined ? undefined : `${shardId} ${next}`,
        millisBehindLatest: isAll ? 0 : 1_000,
        childShards: undefined,
      });
    },
  };
}

const STREAM_ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/sim";

function listed(shard: SimShard): ListedShard {
  const { shardId, parentShardIds, startingHashKey, endingHashKey, startingSequence } = shard;
  const [parentShardId, adjacentParentShardId] = parentShardIds;
  return {
    shardId,
    parentShardId,
    adjacentParentShardId,
    startingHashKey: `${startingHashKey}`,
    endingHashKey: `${endingHashKey}`,
    startingSequenceNumber: `${startingSequence}`,
    endingSequenceNumber: shard.endingSequence === undefined ? undefined : `${shard.endingSequence}`,
  };
}
