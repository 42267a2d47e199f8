import type { CallParameters } from "../../journal.js";
import type { Account } from "../streams/account.js";
import { readIterator } from "../streams/iterators.js";
import type { Input } from "./values.js";

/** Members that name what a call is about, and how the journal calls them. */
const named: Readonly<Record<string, string>> = {
  StreamName: "streamName",
  ShardId: "shardId",
  ShardToSplit: "shardId",
  ShardToMerge: "shardId",
  AdjacentShardToMerge: "adjacentShardId",
  PartitionKey: "partitionKey",
  ShardIteratorType: "shardIteratorType",
  StartingSequenceNumber: "sequenceNumber",
  ConsumerName: "consumerName",
  ConsumerARN: "consumerArn",
  Limit: "limit",
  MaxResults: "maxResults",
  TargetShardCount: "targetShardCount",
  ShardCount: "shardCount",
  RetentionPeriodHours: "retentionHours",
};

/** What identifies a call, for the journal and for fault rules: names and counts, never payload. */
export function callParameters(account: Account, input: Input): CallParameters {
  const parameters: Record<string, string | number | boolean> = {};
  for (const member of Object.keys(input)) {
    const name = named[member];
    const value = input[member];
    if (name !== undefined && (typeof value === "string" || typeof value === "number"))
      parameters[name] = value;
  }
  const arn = input["StreamARN"] ?? input["ConsumerARN"];
  if (typeof arn === "string") {
    const streamName = /:stream\/([^/]+)/u.exec(arn)?.[1];
    if (streamName !== undefined) parameters["streamName"] ??= streamName;
  }
  const iterator = input["ShardIterator"];
  if (typeof iterator === "string") {
    const target = readIterator(account, iterator);
    if (target) {
      parameters["streamName"] = target.streamName;
      parameters["shardId"] = target.shardId;
    }
  }
  if (Array.isArray(input["Records"])) parameters["records"] = input["Records"].length;
  return parameters;
}
