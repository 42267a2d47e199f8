import type { ChildShardAnswer } from "./records-page.js";
import { WireFormatError } from "./wire-format-error.js";

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

// By length; where two names are equally long, by their first byte as well.
const byLength: (readonly { readonly bytes: Uint8Array; readonly member: number }[])[] = Array.from(
  { length: 32 },
  (_, length) =>
    names
      .filter(([name]) => name.length === length)
      .map(([name, member]) => ({ bytes: Buffer.from(name, "latin1"), member })),
);
const none: (typeof byLength)[number] = [];

/** Which member is named by these bytes. Every byte is compared: a damaged name must not pass for another. */
export function memberAt(bytes: Uint8Array, start: number, stop: number): number {
  const length = stop - start;
  for (const candidate of byLength[length] ?? none) {
    const name = candidate.bytes;
    let index = 0;
    while (index < length && bytes[start + index] === name[index]) index += 1;
    if (index === length) return candidate.member;
  }
  return unknownMember;
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
