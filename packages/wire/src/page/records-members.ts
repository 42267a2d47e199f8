import type { ChildShardAnswer } from "./records-answer.js";
import { WireFormatError } from "../wire-format-error.js";

/** Members of a record, of GetRecords's answer and of SubscribeToShard's event (API reference), as the scanners tell them apart. */
export const dataMember = 1;
export const partitionKeyMember = 2;
export const sequenceNumberMember = 3;
export const arrivalMember = 4;
export const encryptionMember = 5;
export const recordsMember = 6;
export const iteratorMember = 7;
export const continuationMember = 8;
export const lagMember = 9;
export const childShardsMember = 10;
/** A member that this version does not know. */
export const unknownMember = 0;

const names: readonly (readonly [string, number])[] = [
  ["Data", dataMember],
  ["PartitionKey", partitionKeyMember],
  ["SequenceNumber", sequenceNumberMember],
  ["ApproximateArrivalTimestamp", arrivalMember],
  ["EncryptionType", encryptionMember],
  ["Records", recordsMember],
  ["NextShardIterator", iteratorMember],
  ["ContinuationSequenceNumber", continuationMember],
  ["MillisBehindLatest", lagMember],
  ["ChildShards", childShardsMember],
];

interface Name {
  /** The name four bytes at a time, as `DataView` reads them; the last four may overlap those before. */
  readonly words: Int32Array;
  readonly member: number;
}

/** Names by their length, which is at least 4 and for two of them the same. */
const byLength: (readonly Name[])[] = Array.from({ length: 32 }, (_, length) =>
  names
    .filter(([name]) => name.length === length)
    .map(([name, member]) => ({ words: wordsOf(name), member })),
);
const none: readonly Name[] = [];

function wordsOf(name: string): Int32Array {
  const bytes = Buffer.from(name, "latin1");
  const count = Math.ceil(name.length / 4);
  return Int32Array.from({ length: count }, (_, index) =>
    bytes.readInt32BE(Math.min(index * 4, name.length - 4)),
  );
}

/** Which member is named by these bytes. All of them are compared: a damaged name must not pass for another. */
export function memberAt(view: DataView, start: number, stop: number): number {
  const last = stop - 4;
  for (const { words, member } of byLength[stop - start] ?? none) {
    let index = 0;
    let at = start;
    while (at < last && view.getInt32(at) === words[index]) {
      index += 1;
      at += 4;
    }
    if (at >= last && view.getInt32(last) === words[words.length - 1]) return member;
  }
  return unknownMember;
}

/** For `memberAt`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks the child shards of a closed shard's last answer. Every member is required by the service's model. */
export function readChildShards(value: unknown): ChildShardAnswer[] {
  if (!Array.isArray(value)) throw strange();
  const elements: readonly unknown[] = value;
  return elements.map((child) => {
    if (!isObject(child) || !isObject(child["HashKeyRange"])) throw strange();
    const parents: unknown = child["ParentShards"];
    if (!Array.isArray(parents)) throw strange();
    return {
      ShardId: asText(child["ShardId"]),
      ParentShards: parents.map(asText),
      HashKeyRange: {
        StartingHashKey: asText(child["HashKeyRange"]["StartingHashKey"]),
        EndingHashKey: asText(child["HashKeyRange"]["EndingHashKey"]),
      },
    };
  });
}

function asText(value: unknown): string {
  if (typeof value !== "string") throw strange();
  return value;
}

function strange(): WireFormatError {
  return new WireFormatError("the answer's child shards are not what the service's model says: ask again");
}
