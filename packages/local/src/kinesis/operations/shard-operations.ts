import type { Account } from "../streams/account.js";
import { hashKeyRange } from "../streams/child-shards.js";
import { inUse, invalidArgument, KinesisError, limitExceeded, validation } from "../errors.js";
import { parseHashKey } from "../streams/hash-keys.js";
import {
  integer,
  optionalInteger,
  optionalText,
  optionalTime,
  structure,
  text,
  word,
} from "../protocol/input.js";
import { requireShard } from "../streams/iterators.js";
import type { Call, Operations } from "./operation.js";
import type { Shard } from "../streams/shard.js";
import type { Stream } from "../streams/stream.js";
import type { Input, WireObject } from "../protocol/values.js";

/** A shard as ListShards and DescribeStream show it. */
export function shardDescription(shard: Shard): WireObject {
  const [parent, adjacentParent] = shard.parentIds;
  return {
    ShardId: shard.id,
    ParentShardId: parent,
    AdjacentParentShardId: adjacentParent,
    HashKeyRange: hashKeyRange(shard),
    SequenceNumberRange: {
      StartingSequenceNumber: shard.startingSequenceNumber,
      EndingSequenceNumber: shard.endingSequenceNumber,
    },
  };
}

const filterTypes = [
  "AFTER_SHARD_ID",
  "AT_TRIM_HORIZON",
  "FROM_TRIM_HORIZON",
  "AT_LATEST",
  "AT_TIMESTAMP",
  "FROM_TIMESTAMP",
] as const;

/** Which shards a listing shows; travels inside its page tokens. */
interface Listing {
  readonly type: (typeof filterTypes)[number];
  readonly timestampMs: number;
  readonly afterShardId: string;
}

function readFilter(input: Input): Listing {
  const start = optionalText(input, "ExclusiveStartShardId") ?? "";
  if (input["ShardFilter"] === undefined || input["ShardFilter"] === null)
    return { type: "FROM_TRIM_HORIZON", timestampMs: 0, afterShardId: start };
  const filter = structure(input, "ShardFilter");
  const type = word(filter, "Type", filterTypes);
  const timestampMs = optionalTime(filter, "Timestamp");
  const shardId = optionalText(filter, "ShardId");
  if (type.endsWith("_TIMESTAMP") && timestampMs === undefined)
    throw invalidArgument(`ShardFilter of type ${type} needs a Timestamp.`);
  if (type === "AFTER_SHARD_ID" && shardId === undefined)
    throw invalidArgument("ShardFilter of type AFTER_SHARD_ID needs a ShardId.");
  const after = type === "AFTER_SHARD_ID" ? (shardId ?? "") : "";
  return { type, timestampMs: timestampMs ?? 0, afterShardId: after > start ? after : start };
}

/** ShardFilter page of the API reference; a moment before the horizon counts as the horizon. */
function passes(shard: Shard, listing: Listing, stream: Stream, now: number): boolean {
  const horizon = Math.max(stream.horizonMs(now), stream.createdMs);
  const closedMs = shard.closedMs ?? Infinity;
  const at = (ms: number) => shard.openedMs <= ms && closedMs >= ms;
  switch (listing.type) {
    case "AT_LATEST":
      return shard.closedMs === undefined;
    case "AT_TRIM_HORIZON":
      return at(horizon);
    case "AT_TIMESTAMP":
      return at(Math.max(listing.timestampMs, stream.horizonMs(now)));
    case "FROM_TIMESTAMP":
      return closedMs >= Math.max(listing.timestampMs, horizon);
    default:
      return true;
  }
}

function readToken(account: Account, token: string): { readonly stream: Stream; readonly listing: Listing } {
  const [name, streamId, type, timestampMs, afterShardId, issuedMs] =
    account.tokens.open("shards", token) ?? [];
  const known = filterTypes.find((candidate) => candidate === type);
  if (
    typeof name !== "string" ||
    known === undefined ||
    typeof timestampMs !== "number" ||
    typeof afterShardId !== "string" ||
    typeof issuedMs !== "number"
  )
    throw invalidArgument("Invalid NextToken.");
  if (account.clock.now() - issuedMs > account.limits.iteratorAgeMs)
    throw new KinesisError("ExpiredNextTokenException", "The NextToken has expired.");
  const stream = account.stream({ StreamName: name });
  if (stream.streamId !== streamId) throw invalidArgument("Invalid NextToken.");
  return { stream, listing: { type: known, timestampMs, afterShardId } };
}

// ListShards page of the API reference.
const defaultMaxResults = 1000;
const mostMaxResults = 10_000;

function listShards({ account, input }: Call): WireObject {
  const token = optionalText(input, "NextToken");
  const maxResults = optionalInteger(input, "MaxResults", 1, mostMaxResults) ?? defaultMaxResults;
  if (token !== undefined)
    for (const name of ["StreamName", "ShardFilter", "ExclusiveStartShardId", "StreamCreationTimestamp"])
      if (input[name] !== undefined && input[name] !== null)
        throw invalidArgument(`NextToken and ${name} cannot be provided together.`);
  const { stream, listing } =
    token === undefined
      ? { stream: account.stream(input), listing: readFilter(input) }
      : readToken(account, token);
  if (stream.status !== "ACTIVE" && stream.status !== "UPDATING")
    throw inUse(`Stream ${stream.name} under account ${account.accountId} is ${stream.status}.`);
  if (!account.rates.takeCall(`ListShards ${stream.streamId}`, account.limits.listShardsPerSecond))
    throw limitExceeded(`Rate exceeded for ListShards of stream ${stream.name}.`);
  const now = account.clock.now();
  const shown = stream
    .shards(now)
    .filter((shard) => shard.id > listing.afterShardId && passes(shard, listing, stream, now));
  const page = shown.slice(0, maxResults);
  const last = page.at(-1);
  return {
    Shards: page.map((shard) => shardDescription(shard)),
    NextToken:
      last && shown.length > page.length
        ? account.tokens.issue("shards", [
            stream.name,
            stream.streamId,
            listing.type,
            listing.timestampMs,
            last.id,
            now,
          ])
        : undefined,
  };
}

/** A stream whose shards the caller may change. */
function reshardable(account: Account, input: Input): Stream {
  const stream = account.activeStream(input);
  if (stream.mode === "ON_DEMAND")
    throw validation(`Stream ${stream.name} is in ON_DEMAND mode: its shards cannot be changed.`);
  return stream;
}

function openShard(account: Account, stream: Stream, id: string): Shard {
  const shard = requireShard(account, stream, id);
  if (shard.closedMs !== undefined)
    throw invalidArgument(
      `Shard ${id} in stream ${stream.name} under account ${account.accountId} is closed.`,
    );
  return shard;
}

function reshard(account: Account, stream: Stream, apply: (now: number) => void): void {
  stream.status = "UPDATING";
  account.later(() => {
    // A deletion meanwhile has the last word.
    if (stream.status !== "UPDATING") return;
    apply(account.clock.now());
    stream.status = "ACTIVE";
  });
}

function splitShard({ account, input }: Call): WireObject {
  account.takeControlCall("SplitShard");
  const stream = reshardable(account, input);
  const shard = openShard(account, stream, text(input, "ShardToSplit", 128));
  const newStart = parseHashKey(text(input, "NewStartingHashKey"), "NewStartingHashKey");
  if (newStart <= shard.start || newStart > shard.end)
    throw invalidArgument(
      `NewStartingHashKey ${newStart} used in SplitShard() on shard ${shard.id} in stream ${stream.name} under account ${account.accountId} is not both greater than one plus the shard's StartingHashKey ${shard.start} and less than the shard's EndingHashKey ${shard.end}.`,
    );
  account.requireShards(1);
  reshard(account, stream, (now) => {
    stream.split(shard, newStart, now);
  });
  return {};
}

function mergeShards({ account, input }: Call): WireObject {
  account.takeControlCall("MergeShards");
  const stream = reshardable(account, input);
  const one = openShard(account, stream, text(input, "ShardToMerge", 128));
  const other = openShard(account, stream, text(input, "AdjacentShardToMerge", 128));
  if (one.end + 1n !== other.start && other.end + 1n !== one.start)
    throw invalidArgument(
      `Shards ${one.id} and ${other.id} in stream ${stream.name} under account ${account.accountId} are not an adjacent pair of shards eligible for merging`,
    );
  reshard(account, stream, (now) => {
    stream.merge(one, other, now);
  });
  return {};
}

const dayMs = 86_400_000;

function updateShardCount({ account, input }: Call): WireObject {
  account.takeControlCall("UpdateShardCount");
  const stream = reshardable(account, input);
  word(input, "ScalingType", ["UNIFORM_SCALING"]);
  const target = integer(input, "TargetShardCount", 1, 10_000);
  const current = stream.openShards.length;
  if (target > current * 2 || target * 2 < current)
    throw invalidArgument(
      `UpdateShardCount cannot scale to ${target}: at most double and at least half of the current ${current} open shards.`,
    );
  const now = account.clock.now();
  const recent = stream.shardCountUpdates.filter((ms) => ms > now - dayMs);
  if (recent.length >= account.limits.shardCountUpdatesPerDay)
    throw limitExceeded(`Stream ${stream.name} was scaled ${recent.length} times in 24 hours, the limit.`);
  account.requireShards(target - current);
  stream.shardCountUpdates = [...recent, now];
  reshard(account, stream, (at) => {
    stream.retarget(target, at);
  });
  return {
    StreamName: stream.name,
    StreamARN: stream.arn,
    CurrentShardCount: current,
    TargetShardCount: target,
  };
}

export const shardOperations: Operations = {
  ListShards: { run: listShards, changes: false },
  SplitShard: { run: splitShard, changes: true },
  MergeShards: { run: mergeShards, changes: true },
  UpdateShardCount: { run: updateShardCount, changes: true },
};
