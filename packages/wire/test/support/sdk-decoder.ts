import { type GetRecordsOutput, GetRecordsOutput$ } from "@aws-sdk/client-kinesis";
import { cbor } from "@smithy/core/cbor";
import { JsonCodec2 } from "@smithy/core/protocols";

import type { RecordsAnswer } from "../../src/index.js";

const deserializer = new JsonCodec2({
  timestampFormat: { useTrait: true, default: 7 },
  jsonName: false,
}).createDeserializer();

/** What the SDK makes of a JSON answer to GetRecords: its own codec over its own schema. */
export const decodeJsonWithSdk = async (body: Uint8Array): Promise<GetRecordsOutput> =>
  // Its signature gives back anything at all.
  (await deserializer.read(GetRecordsOutput$, Buffer.from(body).toString("utf8"))) as GetRecordsOutput;

/** What the SDK's CBOR reader makes of an answer: tags as objects, everything else as JavaScript has it. */
export const decodeCborWithSdk = (body: Uint8Array): unknown => cbor.deserialize(Uint8Array.from(body));

/** An answer as plain values that compare: bytes as hex, times as milliseconds, absent members undefined. */
export interface SeenAnswer {
  readonly records:
    | readonly {
        readonly data: string;
        readonly partitionKey: string;
        readonly sequenceNumber: string;
        readonly arrivalTimeMs: number | undefined;
        readonly encryptionType: string | undefined;
      }[]
    | undefined;
  readonly iterator: string | undefined;
  readonly lag: number | undefined;
  readonly childShards: unknown;
}

export const seenOfSdk = (answer: GetRecordsOutput | RecordsAnswer): SeenAnswer => ({
  records: answer.Records?.map((record) => ({
    data: Buffer.from(record.Data ?? []).toString("hex"),
    partitionKey: record.PartitionKey ?? "",
    sequenceNumber: record.SequenceNumber ?? "",
    arrivalTimeMs: record.ApproximateArrivalTimestamp?.getTime(),
    encryptionType: record.EncryptionType,
  })),
  iterator: answer.NextShardIterator,
  lag: answer.MillisBehindLatest,
  childShards: answer.ChildShards,
});

/** By our own names, so that both sets of getters are compared. */
export const seenOfPage = (answer: RecordsAnswer): SeenAnswer => ({
  ...seenOfSdk(answer),
  records: answer.Records?.map((record) => ({
    data: record.data.toString("hex"),
    partitionKey: record.partitionKey,
    sequenceNumber: record.sequenceNumber,
    arrivalTimeMs: record.ApproximateArrivalTimestamp === undefined ? undefined : record.arrivalTimeMs,
    encryptionType: record.EncryptionType,
  })),
});

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const untagged = (value: unknown): unknown =>
  isMap(value) && "tag" in value && "value" in value ? untagged(value["value"]) : value;

const present = <Value>(value: Value | null | undefined): Value | undefined => value ?? undefined;

/** A generic CBOR value as an answer; throws where it is none. */
export const seenOfCborValue = (root: unknown): SeenAnswer => {
  const answer = untagged(root);
  if (!isMap(answer)) throw new Error("no map");
  const text = (value: unknown): string | undefined => {
    const inner = present(untagged(value));
    if (inner !== undefined && typeof inner !== "string") throw new Error("no text");
    return inner;
  };
  const required = (value: string | undefined): string => {
    if (value === undefined) throw new Error("missing");
    return value;
  };
  const number = (value: unknown): number | undefined => {
    const inner = present(untagged(value));
    if (inner === undefined) return undefined;
    if (inner instanceof Date) return inner.getTime();
    if (typeof inner !== "number" && typeof inner !== "bigint") throw new Error("no number");
    return Number(inner);
  };
  const list = (value: unknown): readonly unknown[] | undefined => {
    const inner = present(untagged(value));
    if (inner !== undefined && !Array.isArray(inner)) throw new Error("no list");
    return inner;
  };
  return {
    records: list(answer["Records"])?.map((element) => {
      const record = untagged(element);
      if (!isMap(record)) throw new Error("no record");
      const data = untagged(record["Data"]);
      if (!(data instanceof Uint8Array)) throw new Error("no bytes");
      const arrival = number(record["ApproximateArrivalTimestamp"]);
      return {
        data: Buffer.from(data).toString("hex"),
        partitionKey: required(text(record["PartitionKey"])),
        sequenceNumber: required(text(record["SequenceNumber"])),
        arrivalTimeMs: arrival === undefined ? undefined : Math.round(arrival),
        encryptionType: text(record["EncryptionType"]),
      };
    }),
    iterator: text(answer["NextShardIterator"]),
    lag: number(answer["MillisBehindLatest"]),
    childShards: list(answer["ChildShards"])?.map((element) => {
      const child = untagged(element);
      const range = isMap(child) ? untagged(child["HashKeyRange"]) : undefined;
      if (!isMap(child) || !isMap(range)) throw new Error("no child shard");
      const parents = list(child["ParentShards"]);
      if (parents === undefined) throw new Error("no parents");
      return {
        ShardId: required(text(child["ShardId"])),
        ParentShards: parents.map((parent) => required(text(parent))),
        HashKeyRange: {
          StartingHashKey: required(text(range["StartingHashKey"])),
          EndingHashKey: required(text(range["EndingHashKey"])),
        },
      };
    }),
  };
};
