import { hash } from "node:crypto";

import {
  aggregateMagic,
  digestBytes,
  maxUserRecordsPerAggregate,
  startsWithMagic,
} from "./aggregate-format.js";
import { noIndex, numbersPerRecord, readAggregate } from "./aggregate-layout.js";
import type { AggregatedRecord } from "../page/aggregated-record.js";
import {
  fullHashKeyRange,
  type HashKeyRange,
  isFullHashKeyRange,
  isInHashKeyRange,
  parseExplicitHashKey,
  partitionHashKey,
} from "./hash-key.js";

import type { PageRecord } from "../page/page-record.js";

/** One record as the producer's user put it, before it was packed with others. */
export interface UserRecord {
  /** A view into the aggregate's bytes: no copy, and it keeps them alive. */
  readonly data: Uint8Array;
  readonly partitionKey: string;
  /** The decimal hash key that replaces the partition key's MD5; absent if the producer gave none. */
  readonly explicitHashKey?: string;
  /** Its place in the aggregate, from 0; with the Kinesis record's sequence number it names the user record. */
  readonly subSequenceNumber: number;
}

/**
 * The content of a Kinesis record's bytes.
 *
 * - `plain`: no aggregate; the Kinesis record itself is the user's record. Also when the bytes open like an
 *   aggregate but the MD5 or the protobuf is wrong: nobody but the user can say what they are.
 * - `aggregated`: the user records in the producer's order; there may be none.
 * - `outside-range`: an aggregate with a user record that belongs to another shard, as producers send for a moment
 *   after a reshard. The KPL notices and sends its records again, so all `count` user records are dropped, as the
 *   KCL does; count them, for another producer may not send them again (awslabs/kinesis-aggregation#11).
 * - `malformed`: MD5 and protobuf are right and yet the user records cannot be told apart. None was delivered: the
 *   whole Kinesis record belongs in the dead letters. `reason` is a sentence without payload.
 */
export type Deaggregation<Member = UserRecord> =
  | { readonly kind: "plain" }
  | { readonly kind: "aggregated"; readonly records: readonly Member[] }
  | { readonly kind: "outside-range"; readonly count: number }
  | { readonly kind: "malformed"; readonly reason: string };

const plain: Deaggregation<never> = { kind: "plain" };

const malformed = (reason: string): Deaggregation<never> => ({ kind: "malformed", reason });

/** The protobuf between magic and MD5, or `undefined` if the bytes are no aggregate. */
const openFrame = (data: Uint8Array): Buffer | undefined => {
  const end = data.length - digestBytes;
  // The KCL wants more than the digest after the magic, so an empty protobuf is no aggregate.
  if (end <= aggregateMagic.length || !startsWithMagic(data)) return undefined;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const message = bytes.subarray(aggregateMagic.length, end);
  return hash("md5", message, "buffer").equals(bytes.subarray(end)) ? message : undefined;
};

/** A table of keys; an entry is decoded when a record first names it, and once however many records do. */
const lazyTable = <Entry>(message: Buffer, spans: readonly number[], decode: (text: string) => Entry) => {
  const entries = new Map<number, Entry>();
  return (index: number): Entry | undefined => {
    const known = entries.get(index);
    if (known !== undefined) return known;
    const start = spans[index * 2];
    if (start === undefined) return undefined;
    const entry = decode(message.toString("utf8", start, spans[index * 2 + 1]));
    entries.set(index, entry);
    return entry;
  };
};

const sameText = (text: string): string => text;

const explicitHashKey = (text: string) => ({ text, hashKey: parseExplicitHashKey(text) });

/** Makes a user record of its place in the aggregate's bytes, its keys and its number. */
type MakeRecord<Member> = (
  start: number,
  end: number,
  partitionKey: string,
  explicitHashKey: string | undefined,
  subSequenceNumber: number,
) => Member;

const takeApart = <Member>(
  data: Uint8Array,
  range: HashKeyRange,
  make: MakeRecord<Member>,
): Deaggregation<Member> => {
  const message = openFrame(data);
  if (message === undefined) return plain;
  const layout = readAggregate(message);
  if (layout === undefined) return plain;
  if (layout.oversized)
    return malformed(`the aggregate holds more than ${maxUserRecordsPerAggregate} records or keys`);

  const partitionKeyAt = lazyTable(message, layout.partitionKeys, sameText);
  const partitionHashKeyAt = lazyTable(message, layout.partitionKeys, partitionHashKey);
  const explicitHashKeyAt = lazyTable(message, layout.explicitHashKeys, explicitHashKey);
  // An MD5 for every partition key is most of the work, and a stream of one shard never needs it.
  const checksRange = !isFullHashKeyRange(range);
  const records: Member[] = [];
  let outside = false;
  for (let at = 0; at < layout.records.length; at += numbersPerRecord) {
    const subSequenceNumber = records.length;
    const keyIndex = layout.records[at] ?? noIndex;
    const explicitIndex = layout.records[at + 1] ?? noIndex;
    const start = aggregateMagic.length + (layout.records[at + 2] ?? 0);
    const end = aggregateMagic.length + (layout.records[at + 3] ?? 0);

    const partitionKey = partitionKeyAt(keyIndex);
    if (partitionKey === undefined)
      return malformed(`user record ${subSequenceNumber} names a partition key that is not in the table`);
    let hashKey: bigint | undefined;
    if (explicitIndex === noIndex) {
      if (checksRange) hashKey = partitionHashKeyAt(keyIndex);
      records.push(make(start, end, partitionKey, undefined, subSequenceNumber));
    } else {
      const explicit = explicitHashKeyAt(explicitIndex);
      if (explicit === undefined)
        return malformed(
          `user record ${subSequenceNumber} names an explicit hash key that is not in the table`,
        );
      hashKey = explicit.hashKey;
      if (hashKey === undefined)
        return malformed(
          `the explicit hash key of user record ${subSequenceNumber} is no number from 0 to 2^128 - 1`,
        );
      records.push(make(start, end, partitionKey, explicit.text, subSequenceNumber));
    }
    // Not returned at once: a malformed aggregate belongs in the dead letters, also when it is outside.
    if (checksRange && hashKey !== undefined && !isInHashKeyRange(hashKey, range)) outside = true;
  }
  return outside ? { kind: "outside-range", count: records.length } : { kind: "aggregated", records };
};

/**
 * Takes the bytes of one Kinesis record apart into the user records that a producer packed into it (Kinesis
 * Producer Library, "aggregation"). Pure, and never throws, whatever the bytes.
 *
 * An aggregate inside an aggregate is not opened: it is the data of a user record.
 *
 * @param data - the Kinesis record's data; must not change while the user records are in use, they are views.
 * @param range - the hash keys of the shard that the record was read from, for the `outside-range` rule.
 *   Default: all of them, which never drops anything and may deliver a record twice after a reshard.
 */
export const deaggregate = (data: Uint8Array, range: HashKeyRange = fullHashKeyRange): Deaggregation =>
  takeApart(data, range, (start, end, partitionKey, explicitKey, subSequenceNumber) => {
    const record = { data: data.subarray(start, end), partitionKey, subSequenceNumber };
    return explicitKey === undefined ? record : { ...record, explicitHashKey: explicitKey };
  });

/**
 * Takes apart a record that lies in an answer, as `deaggregate` does: its user records lie there too, and no bytes are viewed before somebody asks for them.
 *
 * @param range - as that of {@link deaggregate}
 */
export const deaggregatePageRecord = (
  record: PageRecord,
  range: HashKeyRange = fullHashKeyRange,
): Deaggregation<AggregatedRecord> => {
  // A view that stays here: nobody is given it.
  const data = record.page.subarray(record.dataStart, record.dataEnd);
  return takeApart(data, range, (start, end, partitionKey, explicitKey, subSequenceNumber) =>
    record.userRecord(start, end, partitionKey, explicitKey, subSequenceNumber),
  );
};
