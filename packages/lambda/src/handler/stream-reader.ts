import { connectKinesis } from "@kinesis-connectors/consumer/kinesis";
import {
  type KinesisApi,
  listAllShards,
  polling,
  pollingSource,
  type ReaderContext,
  type ShardListing,
} from "@kinesis-connectors/consumer/reading";
import type { Logger, ShardSource } from "@kinesis-connectors/core";
import type { HashKeyRange } from "@kinesis-connectors/wire";

import type { Connection } from "../connection.js";
import { partsOf } from "../event.js";

// What only few invocations need stands here together, with the client of Kinesis: it is loaded when the first of them does.

/** The port to a stream. */
export async function connect(
  streamArn: string,
  { endpoints, credentials, allowInsecure, proxy }: Connection,
  logger: Logger,
): Promise<KinesisApi> {
  return await connectKinesis({
    stream: { StreamARN: streamArn },
    region: partsOf(streamArn).region,
    endpoint: endpoints.kinesis,
    credentials,
    allowInsecure,
    proxy,
    logger,
  });
}

/** A shard, read by GetRecords. */
export function shardSource(context: ReaderContext): ShardSource {
  return pollingSource(context, polling());
}

/** The hash keys of all shards, by their ids. */
export async function listRanges(listing: ShardListing): Promise<ReadonlyMap<string, HashKeyRange>> {
  const shards = await listAllShards(listing);
  return new Map(
    shards.map(({ shardId, startingHashKey, endingHashKey }) => [
      shardId,
      { startingHashKey: BigInt(startingHashKey), endingHashKey: BigInt(endingHashKey) },
    ]),
  );
}
