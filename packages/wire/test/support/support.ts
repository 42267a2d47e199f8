import { createHash } from "node:crypto";

import protobuf from "protobufjs";

/** An independent reading of the format: the message definitions in protobuf's own language, run by protobufjs. */
const schema = protobuf.parse(`
  syntax = "proto2";
  message AggregatedRecord {
    repeated string partition_key_table = 1;
    repeated string explicit_hash_key_table = 2;
    repeated Record records = 3;
  }
  message Record {
    required uint64 partition_key_index = 1;
    optional uint64 explicit_hash_key_index = 2;
    required bytes data = 3;
    repeated Tag tags = 4;
  }
  message Tag {
    required string key = 1;
    optional string value = 2;
  }
`).root;

const aggregatedRecord = schema.lookupType("AggregatedRecord");

export interface AggregateFields {
  readonly partitionKeyTable?: readonly string[];
  readonly explicitHashKeyTable?: readonly string[];
  readonly records?: readonly {
    readonly partitionKeyIndex: number;
    readonly explicitHashKeyIndex?: number;
    readonly data: Uint8Array;
    readonly tags?: readonly { readonly key: string; readonly value?: string }[];
  }[];
}

export const magic = Buffer.from("f3899ac2", "hex");

/** Puts magic and MD5 around a message, whatever the message is. */
export const frame = (message: Uint8Array): Buffer =>
  Buffer.concat([magic, message, createHash("md5").update(message).digest()]);

export const encodeWithProtobufjs = (fields: AggregateFields): Buffer =>
  Buffer.from(aggregatedRecord.encode(aggregatedRecord.create({ ...fields })).finish());

export interface DecodedAggregate {
  readonly partitionKeyTable: readonly string[];
  readonly explicitHashKeyTable: readonly string[];
  readonly records: readonly {
    readonly partitionKeyIndex: number;
    readonly explicitHashKeyIndex?: number;
    readonly data: Uint8Array;
  }[];
}

/** Throws where the protobuf is wrong. */
export const decodeWithProtobufjs = (message: Uint8Array): DecodedAggregate => {
  const { partitionKeyTable, explicitHashKeyTable, records } = aggregatedRecord.toObject(
    aggregatedRecord.decode(message),
    { longs: Number, arrays: true },
  );
  return { partitionKeyTable, explicitHashKeyTable, records };
};

/** The vector: one (pk-a), two (pk-b, explicit hash key 2^127), three (pk-a). */
export const vector: Buffer = Buffer.from(
  "84mawgoEcGstYQoEcGstYhInMTcwMTQxMTgzNDYwNDY5MjMxNzMxNjg3MzAzNzE1ODg0MTA1NzI4GgcIABoDb25lGgkIARAAGgN0d28aCQgAGgV0aHJlZS2O7yqgJwIZ6csFewuVV3E=",
  "base64",
);

export const text = (data: Uint8Array): string => Buffer.from(data).toString("utf8");
