import type { Account } from "../streams/account.js";
import { invalidArgument, validation } from "../errors.js";
import {
  integer,
  optionalInteger,
  optionalText,
  structure,
  text,
  textList,
  word,
} from "../protocol/input.js";
import type { Call, Operations } from "./operation.js";
import { shardDescription } from "./shard-operations.js";
import type { Stream } from "../streams/stream.js";
import { type Input, isInput, WireTime, type WireObject } from "../protocol/values.js";

const modes = ["PROVISIONED", "ON_DEMAND"] as const;
/** A new on-demand stream has four shards: "Choose the data stream capacity mode" of the developer guide. */
const onDemandShards = 4;
/** Sizes of a record, KiB: UpdateMaxRecordSize page of the API reference. */
const leastRecordKiB = 1024;
const mostRecordKiB = 10_240;
/** Retention in hours: IncreaseStreamRetentionPeriod page of the API reference. */
const leastRetentionHours = 24;
const mostRetentionHours = 8760;

function createStream({ account, input }: Call): WireObject {
  account.takeControlCall("CreateStream");
  const name = text(input, "StreamName", 128);
  if (!/^[a-zA-Z0-9_.-]+$/u.test(name))
    throw validation(
      `1 validation error detected: Value '${name}' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+`,
    );
  const mode = isInput(input["StreamModeDetails"])
    ? word(structure(input, "StreamModeDetails"), "StreamMode", modes)
    : "PROVISIONED";
  const given = optionalInteger(input, "ShardCount", 1, 100_000);
  if (mode === "PROVISIONED" && given === undefined)
    throw validation("ShardCount must be given for a stream in PROVISIONED mode.");
  const maxRecordKiB =
    optionalInteger(input, "MaxRecordSizeInKiB", leastRecordKiB, mostRecordKiB) ?? leastRecordKiB;
  const stream = account.createStream(
    name,
    mode === "ON_DEMAND" ? onDemandShards : (given ?? 1),
    mode,
    maxRecordKiB,
  );
  for (const [key, value] of tagsOf(input)) stream.tags.set(key, value);
  return {};
}

function tagsOf(input: Input): readonly (readonly [string, string])[] {
  const tags = input["Tags"];
  if (!isInput(tags)) return [];
  return Object.entries(tags).map(([key, value]) => {
    if (typeof value !== "string") throw validation(`Tag ${key} has no text value.`);
    return [key, value] as const;
  });
}

function deleteStream({ account, input }: Call): WireObject {
  account.takeControlCall("DeleteStream");
  const stream = account.stream(input);
  if (stream.consumers.size > 0 && input["EnforceConsumerDeletion"] !== true)
    throw invalidArgument(
      `Stream ${stream.name} has registered consumers: set EnforceConsumerDeletion to delete them with it.`,
    );
  if (stream.status !== "DELETING") account.deleteStream(stream);
  return {};
}

function listStreams({ account, input }: Call): WireObject {
  account.takeControlCall("ListStreams");
  const limit = optionalInteger(input, "Limit", 1, 10_000) ?? 100;
  const token = optionalText(input, "NextToken");
  const [start] = token === undefined ? [] : (account.tokens.open("streams", token) ?? []);
  if (token !== undefined && typeof start !== "string") throw invalidArgument("Invalid NextToken.");
  const after = (typeof start === "string" ? start : optionalText(input, "ExclusiveStartStreamName")) ?? "";
  const rest = [...account.streams.values()]
    .filter((stream) => stream.name > after)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const more = rest.length > page.length;
  return {
    StreamNames: page.map((stream) => stream.name),
    HasMoreStreams: more,
    NextToken: more && last ? account.tokens.issue("streams", [last.name]) : undefined,
    StreamSummaries: page.map((stream) => ({
      StreamName: stream.name,
      StreamARN: stream.arn,
      StreamStatus: stream.status,
      StreamModeDetails: { StreamMode: stream.mode },
      StreamCreationTimestamp: new WireTime(stream.createdMs),
    })),
  };
}

function common(stream: Stream): WireObject {
  return {
    StreamName: stream.name,
    StreamARN: stream.arn,
    StreamStatus: stream.status,
    StreamModeDetails: { StreamMode: stream.mode },
    RetentionPeriodHours: stream.retentionHours,
    StreamCreationTimestamp: new WireTime(stream.createdMs),
    EnhancedMonitoring: [{ ShardLevelMetrics: [...stream.monitoring] }],
    EncryptionType: stream.encryptionKey === undefined ? "NONE" : "KMS",
    KeyId: stream.encryptionKey,
  };
}

/** A stream shows no shards before it is ACTIVE. */
const visible = (stream: Stream) => stream.status !== "CREATING" && stream.status !== "DELETING";

function describeStream({ account, input }: Call): WireObject {
  account.takeControlCall("DescribeStream", account.limits.describeStreamPerSecond);
  const stream = account.stream(input);
  const limit = optionalInteger(input, "Limit", 1, 10_000) ?? 100;
  const after = optionalText(input, "ExclusiveStartShardId") ?? "";
  const shards = visible(stream)
    ? stream.shards(account.clock.now()).filter((shard) => shard.id > after)
    : [];
  return {
    StreamDescription: {
      ...common(stream),
      Shards: shards.slice(0, limit).map((shard) => shardDescription(shard)),
      HasMoreShards: shards.length > limit,
    },
  };
}

function describeStreamSummary({ account, input }: Call): WireObject {
  account.takeControlCall("DescribeStreamSummary", account.limits.describeStreamSummaryPerSecond);
  const stream = account.stream(input);
  return {
    StreamDescriptionSummary: {
      ...common(stream),
      StreamId: stream.streamId,
      OpenShardCount: visible(stream) ? stream.openShards.length : 0,
      ConsumerCount: stream.consumers.size,
      MaxRecordSizeInKiB: stream.maxRecordKiB,
    },
  };
}

function describeLimits({ account }: Call): WireObject {
  account.takeControlCall("DescribeLimits", account.limits.describeLimitsPerSecond);
  const streams = [...account.streams.values()];
  return {
    ShardLimit: Number.isFinite(account.limits.shardsPerAccount)
      ? account.limits.shardsPerAccount
      : 2 ** 31 - 1,
    OpenShardCount: streams.reduce((sum, stream) => sum + stream.openShards.length, 0),
    OnDemandStreamCount: streams.filter((stream) => stream.mode === "ON_DEMAND").length,
    OnDemandStreamCountLimit: 50,
  };
}

function changeRetention(account: Account, input: Input, direction: "increase" | "decrease"): WireObject {
  const stream = account.activeStream(input);
  const hours = integer(input, "RetentionPeriodHours", 1, mostRetentionHours);
  if (hours < leastRetentionHours)
    throw invalidArgument(
      `Minimum allowed retention period is ${leastRetentionHours} hours. Requested: ${hours} hours.`,
    );
  const wrong = direction === "increase" ? hours < stream.retentionHours : hours > stream.retentionHours;
  if (wrong)
    throw invalidArgument(
      `Requested retention period (${hours} hours) for stream ${stream.name} can not be ${direction === "increase" ? "shorter" : "longer"} than existing retention period (${stream.retentionHours} hours). Use ${direction === "increase" ? "DecreaseRetentionPeriod" : "IncreaseRetentionPeriod"} API.`,
    );
  const now = account.clock.now();
  // Trimmed before and after: what the old period forgot is not revived, what the new one forgets is gone at once.
  stream.trim(now);
  stream.retentionHours = hours;
  stream.trim(now);
  return {};
}

function updateMode({ account, input }: Call): WireObject {
  const stream = account.activeStream(input);
  stream.mode = word(structure(input, "StreamModeDetails"), "StreamMode", modes);
  return {};
}

function updateMaxRecordSize({ account, input }: Call): WireObject {
  const stream = account.activeStream(input);
  stream.maxRecordKiB = integer(input, "MaxRecordSizeInKiB", leastRecordKiB, mostRecordKiB);
  return {};
}

function changeMonitoring({ account, input }: Call, enable: boolean): WireObject {
  const stream = account.activeStream(input);
  const before = [...stream.monitoring];
  for (const metric of textList(input, "ShardLevelMetrics")) {
    if (enable) stream.monitoring.add(metric);
    else if (metric === "ALL") stream.monitoring.clear();
    else stream.monitoring.delete(metric);
  }
  return {
    StreamName: stream.name,
    StreamARN: stream.arn,
    CurrentShardLevelMetrics: before,
    DesiredShardLevelMetrics: [...stream.monitoring],
  };
}

function startEncryption({ account, input }: Call): WireObject {
  word(input, "EncryptionType", ["KMS"]);
  account.activeStream(input).encryptionKey = text(input, "KeyId");
  return {};
}

function stopEncryption({ account, input }: Call): WireObject {
  account.activeStream(input).encryptionKey = undefined;
  return {};
}

export const streamOperations: Operations = {
  CreateStream: { run: createStream, changes: true },
  DeleteStream: { run: deleteStream, changes: true },
  ListStreams: { run: listStreams, changes: false },
  DescribeStream: { run: describeStream, changes: false },
  DescribeStreamSummary: { run: describeStreamSummary, changes: false },
  DescribeLimits: { run: describeLimits, changes: false },
  IncreaseStreamRetentionPeriod: {
    run: ({ account, input }) => changeRetention(account, input, "increase"),
    changes: true,
  },
  DecreaseStreamRetentionPeriod: {
    run: ({ account, input }) => changeRetention(account, input, "decrease"),
    changes: true,
  },
  UpdateStreamMode: { run: updateMode, changes: true },
  UpdateMaxRecordSize: { run: updateMaxRecordSize, changes: true },
  EnableEnhancedMonitoring: { run: (call) => changeMonitoring(call, true), changes: true },
  DisableEnhancedMonitoring: { run: (call) => changeMonitoring(call, false), changes: true },
  StartStreamEncryption: { run: startEncryption, changes: true },
  StopStreamEncryption: { run: stopEncryption, changes: true },
};
