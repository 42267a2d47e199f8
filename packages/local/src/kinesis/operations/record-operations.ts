import { findFault } from "../../faults.js";
import type { PartialFailureEffect } from "../../fault-effects.js";
import type { Account } from "../streams/account.js";
import { childShards } from "../streams/child-shards.js";
import { invalidArgument, throughputExceeded, unreadable, validation } from "../errors.js";
import { parseHashKey } from "../streams/hash-keys.js";
import { blob, list, optionalInteger, optionalText, optionalTime, text, word } from "../protocol/input.js";
import {
  expiredIterator,
  followIterator,
  issueIterator,
  positionTypes,
  requireShard,
  startAt,
} from "../streams/iterators.js";
import type { Call, Operations } from "./operation.js";
import type { Shard, StoredRecord } from "../streams/shard.js";
import type { Stream } from "../streams/stream.js";
import { type Input, isInput, RecordList, type WireObject } from "../protocol/values.js";

/** One entry of a put, checked. */
interface Entry {
  readonly partitionKey: string;
  readonly hashKey: bigint | undefined;
  readonly data: string | Buffer;
  /** Data and key. */
  readonly bytes: number;
}

// 1 to 256 characters: PutRecordsRequestEntry of the API reference.
const partitionKeyMaxLength = 256;

function readEntry(input: Input, stream: Stream): Entry {
  const partitionKey = text(input, "PartitionKey", partitionKeyMaxLength);
  const explicit = optionalText(input, "ExplicitHashKey");
  const { data, bytes: dataBytes } = blob(input, "Data");
  const bytes = dataBytes + Buffer.byteLength(partitionKey);
  if (bytes > stream.maxRecordKiB * 1024)
    throw invalidArgument(
      `Record of ${bytes} bytes exceeds the maximum record size of ${stream.maxRecordKiB} KiB of stream ${stream.name}.`,
    );
  return {
    partitionKey,
    hashKey: explicit === undefined ? undefined : parseHashKey(explicit, "ExplicitHashKey"),
    data,
    bytes,
  };
}

function rateExceeded(account: Account, stream: Stream, shard: Shard): string {
  return `Rate exceeded for shard ${shard.id} in stream ${stream.name} under account ${account.accountId}.`;
}

/** Appends unless the shard's rate is used up. */
function append(
  account: Account,
  stream: Stream,
  shard: Shard,
  entry: Entry,
  now: number,
): StoredRecord | undefined {
  const rates = account.rates.ofShard(shard);
  if (!rates.writeBytes.allows(entry.bytes) || !rates.writeRecords.take(1)) return undefined;
  rates.writeBytes.spend(entry.bytes);
  shard.trim(stream.horizonMs(now));
  return shard.append(entry.partitionKey, entry.data, entry.bytes, now);
}

const encryption = (stream: Stream) => (stream.encryptionKey === undefined ? "NONE" : "KMS");

function putRecord({ account, input }: Call): WireObject {
  const stream = account.liveStream(input);
  const entry = readEntry(input, stream);
  const shard = stream.route(entry.partitionKey, entry.hashKey);
  const stored = append(account, stream, shard, entry, account.clock.now());
  if (!stored) throw throughputExceeded(rateExceeded(account, stream, shard));
  return {
    ShardId: shard.id,
    SequenceNumber: stored.sequenceNumber,
    EncryptionType: encryption(stream),
  };
}

function fails(fault: PartialFailureEffect | undefined, index: number, call: Call): boolean {
  if (!fault) return false;
  if (fault.indexes) return fault.indexes.includes(index);
  return call.random.next() < (fault.share ?? 1);
}

function putRecords(call: Call): WireObject {
  const { account, input } = call;
  const stream = account.liveStream(input);
  const given = list(input, "Records");
  const most = account.limits.putRecordsEntries;
  if (given.length < 1 || given.length > most)
    throw validation(
      `1 validation error detected: Value '[${given.length} records]' at 'records' failed to satisfy constraint: Member must have length between 1 and ${most}`,
    );
  let bytes = 0;
  const entries = given.map((value) => {
    if (!isInput(value)) throw unreadable("Records is not a list of structures");
    const entry = readEntry(value, stream);
    bytes += entry.bytes;
    return entry;
  });
  const maxBytes =
    stream.maxRecordKiB > 1024 ? account.limits.putRecordsLargeBytes : account.limits.putRecordsBytes;
  if (bytes > maxBytes)
    throw invalidArgument(`Records size of ${bytes} bytes exceeds the limit of ${maxBytes} bytes.`);

  const fault = findFault(call.faults, "partial-failure");
  const now = account.clock.now();
  let failed = 0;
  const results: WireObject[] = [];
  for (const [index, entry] of entries.entries()) {
    const shard = stream.route(entry.partitionKey, entry.hashKey);
    const refused = fails(fault, index, call);
    const stored = refused ? undefined : append(account, stream, shard, entry, now);
    if (stored) {
      results.push({ SequenceNumber: stored.sequenceNumber, ShardId: shard.id });
      continue;
    }
    failed += 1;
    const code = (refused ? fault?.code : undefined) ?? "ProvisionedThroughputExceededException";
    results.push({
      ErrorCode: code,
      ErrorMessage:
        code === "InternalFailure" ? "Internal service failure." : rateExceeded(account, stream, shard),
    });
  }
  return { FailedRecordCount: failed, Records: results, EncryptionType: encryption(stream) };
}

function getShardIterator({ account, input }: Call): WireObject {
  const stream = account.liveStream(input);
  const shard = requireShard(account, stream, text(input, "ShardId", 128));
  const subject = `GetShardIterator ${stream.streamId} ${shard.id}`;
  if (!account.rates.takeCall(subject, account.limits.getShardIteratorPerSecond))
    throw throughputExceeded(rateExceeded(account, stream, shard));
  const position = startAt(account, stream, shard, {
    type: word(input, "ShardIteratorType", positionTypes),
    sequenceNumber: optionalText(input, "StartingSequenceNumber"),
    timestampMs: optionalTime(input, "Timestamp"),
  });
  return { ShardIterator: issueIterator(account, stream, shard, position) };
}

function getRecords(call: Call): WireObject {
  const { account, input, faults } = call;
  const { limits, clock } = account;
  const limit = optionalInteger(input, "Limit", 1, limits.getRecordsRecords) ?? limits.getRecordsRecords;
  const iterator = text(input, "ShardIterator", 512);
  const { stream, shard, position } = followIterator(account, iterator);
  const now = clock.now();
  if (findFault(faults, "iterator-expired"))
    throw expiredIterator(now - limits.iteratorAgeMs - 1, now, limits.iteratorAgeMs);
  const rates = account.rates.ofShard(shard);
  if (!rates.readBytes.allows(1) || !rates.getRecords.take(1))
    throw throughputExceeded(rateExceeded(account, stream, shard));

  const hole =
    findFault(faults, "empty-page") !== undefined ||
    (call.behaviour.emptyPages > 0 && call.random.next() < call.behaviour.emptyPages);
  const most = hole ? 0 : Math.min(limit, findFault(faults, "short-page")?.maxRecords ?? limit);
  const { records, next } = shard.read(position, most, limits.getRecordsBytes);
  let bytes = 0;
  for (const record of records) bytes += record.bytes;
  rates.readBytes.spendAnswer(bytes);

  const unread = shard.at(next);
  const late = call.behaviour.shardEnd === "empty-page" || findFault(faults, "shard-end-delayed");
  const ended = shard.closedMs !== undefined && next >= shard.endPosition && !(late && records.length > 0);
  const missing = ended ? findFault(faults, "shard-end-malformed")?.missing : undefined;
  return {
    Records: new RecordList(records),
    NextShardIterator:
      ended && missing !== "null-iterator" ? undefined : issueIterator(account, stream, shard, next),
    MillisBehindLatest: unread ? Math.max(0, now - unread.arrivalMs) : 0,
    ChildShards: ended && missing !== "children" ? childShards(shard) : undefined,
  };
}

export const recordOperations: Operations = {
  PutRecord: { run: putRecord, changes: true },
  PutRecords: { run: putRecords, changes: true },
  GetShardIterator: { run: getShardIterator, changes: false },
  GetRecords: { run: getRecords, changes: false },
};
