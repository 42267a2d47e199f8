import { createHash } from "node:crypto";

import type { StreamRecord } from "@kinesis-connectors/consumer/reading";

import type { KinesisEvent } from "../event.js";
import { MAX_PAYLOAD_BYTES } from "../limits.js";

/** Bytes of an event beside the data of its records, for each of them: about what the names and the two ARNs take. */
const BYTES_BESIDE_DATA = 600;

/** Records of one partition key stay in one order. */
export function laneOf({ partitionKey }: StreamRecord, factor: number): number {
  if (factor === 1) return 0;
  return createHash("md5").update(partitionKey).digest().readUInt32BE(0) % factor;
}

/** How many records fit into one payload, as base64; at least one. */
export function fitting(records: readonly StreamRecord[]): number {
  let bytes = 0;
  for (const [index, { data, partitionKey }] of records.entries()) {
    bytes += Math.ceil(data.length / 3) * 4 + partitionKey.length + BYTES_BESIDE_DATA;
    if (bytes > MAX_PAYLOAD_BYTES) return Math.max(1, index);
  }
  return records.length;
}

export function toEvent(records: readonly StreamRecord[], shardId: string, streamArn: string): KinesisEvent {
  return {
    Records: records.map(({ sequenceNumber, partitionKey, data, arrivalTimeMs }) => ({
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey,
        sequenceNumber,
        data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
        approximateArrivalTimestamp: arrivalTimeMs / 1_000,
      },
      eventSource: "aws:kinesis",
      eventVersion: "1.0",
      eventID: `${shardId}:${sequenceNumber}`,
      eventName: "aws:kinesis:record",
      invokeIdentityArn: "arn:aws:iam::000000000000:role/pipeline",
      awsRegion: "eu-central-1",
      eventSourceARN: streamArn,
    })),
  };
}
