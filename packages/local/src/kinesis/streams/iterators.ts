import type { Account } from "./account.js";
import { invalidArgument, KinesisError, notFound } from "../errors.js";
import { parseSequenceNumber } from "./sequence-numbers.js";
import type { Shard } from "./shard.js";
import type { Stream } from "./stream.js";

/** Types of a starting position, GetShardIterator page of the API reference. */
export const positionTypes = [
  "TRIM_HORIZON",
  "LATEST",
  "AT_SEQUENCE_NUMBER",
  "AFTER_SEQUENCE_NUMBER",
  "AT_TIMESTAMP",
] as const;

/** A starting position as a request names it. */
export interface StartingPosition {
  readonly type: (typeof positionTypes)[number];
  readonly sequenceNumber: string | undefined;
  readonly timestampMs: number | undefined;
}

/** Turns a starting position into a position of the shard. */
export function startAt(account: Account, stream: Stream, shard: Shard, start: StartingPosition): number {
  const now = account.clock.now();
  switch (start.type) {
    case "TRIM_HORIZON":
      return shard.firstPosition;
    case "LATEST":
      return shard.endPosition;
    case "AT_TIMESTAMP": {
      const ms = start.timestampMs;
      if (ms === undefined) throw invalidArgument("Must specify timestampInMillis for type AT_TIMESTAMP.");
      if (ms > now)
        throw invalidArgument(
          `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${ms}, currentTimestampInMillis: ${now}`,
        );
      return shard.positionOfTime(ms);
    }
    default: {
      const number = start.sequenceNumber;
      if (number === undefined)
        throw invalidArgument(`Must specify StartingSequenceNumber for type ${start.type}.`);
      const parts = parseSequenceNumber(number);
      if (parts?.creationSecond !== shard.creationSecond || parts.shardIndex !== shard.index)
        throw invalidArgument(
          `StartingSequenceNumber ${number} used in GetShardIterator on shard ${shard.id} in stream ${stream.name} under account ${account.accountId} is invalid because it did not come from this stream.`,
        );
      return shard.positionOfSequence(number, start.type === "AFTER_SEQUENCE_NUMBER");
    }
  }
}

/** What an iterator points to. */
export interface IteratorTarget {
  readonly streamName: string;
  readonly streamId: string;
  readonly shardId: string;
  readonly position: number;
  readonly issuedMs: number;
}

export function issueIterator(account: Account, stream: Stream, shard: Shard, position: number): string {
  return account.tokens.issue("iterator", [
    stream.name,
    stream.streamId,
    shard.id,
    position,
    account.clock.now(),
  ]);
}

/** What an iterator says, undefined when it is not ours. */
export function readIterator(account: Account, iterator: string): IteratorTarget | undefined {
  const [streamName, streamId, shardId, position, issuedMs] = account.tokens.open("iterator", iterator) ?? [];
  return typeof streamName === "string" &&
    typeof streamId === "string" &&
    typeof shardId === "string" &&
    typeof position === "number" &&
    typeof issuedMs === "number"
    ? { streamName, streamId, shardId, position, issuedMs }
    : undefined;
}

/** The words clients search for when an iterator is too old. */
export function expiredIterator(issuedMs: number, now: number, toleratedMs: number): KinesisError {
  const date = (ms: number) => new Date(ms).toUTCString();
  return new KinesisError(
    "ExpiredIteratorException",
    `Iterator expired. The iterator was created at time ${date(issuedMs)} while right now it is ${date(now)} which is further in the future than the tolerated delay of ${toleratedMs} milliseconds.`,
  );
}

/** Follows an iterator to its shard. */
export function followIterator(
  account: Account,
  iterator: string,
): { readonly stream: Stream; readonly shard: Shard; readonly position: number } {
  const target = readIterator(account, iterator);
  if (!target) throw invalidArgument("Invalid ShardIterator.");
  const now = account.clock.now();
  const tolerated = account.limits.iteratorAgeMs;
  if (now - target.issuedMs > tolerated) throw expiredIterator(target.issuedMs, now, tolerated);
  const stream = account.liveStream({ StreamName: target.streamName });
  if (stream.streamId !== target.streamId)
    throw invalidArgument("Invalid ShardIterator: it belongs to a deleted stream of this name.");
  return { stream, shard: requireShard(account, stream, target.shardId), position: target.position };
}

/** The shard of an id, while it is in retention. */
export function requireShard(account: Account, stream: Stream, shardId: string): Shard {
  const shard = stream.shard(shardId, account.clock.now());
  if (!shard)
    throw notFound(
      `Shard ${shardId} in stream ${stream.name} under account ${account.accountId} does not exist`,
    );
  return shard;
}
