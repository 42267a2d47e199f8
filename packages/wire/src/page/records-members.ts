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

const members: ReadonlyMap<string, number> = new Map([
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
]);

/** Which member is named by these bytes. */
export function memberAt(bytes: Buffer, start: number, stop: number): number {
  return members.get(bytes.toString("latin1", start, stop)) ?? unknownMember;
}

/** To read several bytes at a time. */
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
