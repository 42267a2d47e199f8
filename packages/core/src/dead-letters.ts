import type { Emitter } from "./emitter.js";
import { KinesisConnectorError } from "./errors.js";
import type { KinesisRecord } from "./record.js";

/** A record that could not be delivered, with why, and with all that is needed to deliver it later. */
export type DeadLetter = {
  readonly stream: string;
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  /** When the stream received the record, ISO 8601 in UTC. */
  readonly arrivalTime: string;
  readonly errorCode: string;
  readonly errorMessage: string;
  /** Number of tries. */
  readonly attempts: number;
  /** The record's own bytes in base64. */
  readonly data: string;
};

/**
 * Takes records that cannot be delivered. An emitter like any other: a plan of it is stored with the batch, so that
 * each dead letter lands once.
 */
export type DeadLetterEmitter<Plan> = Emitter<DeadLetter, Plan>;

/** Builds the dead letter of a record. */
export function toDeadLetter(
  shard: { readonly stream: string; readonly shardId: string },
  record: KinesisRecord,
  error: Error,
  attempts: number,
): DeadLetter {
  return {
    stream: shard.stream,
    shardId: shard.shardId,
    sequenceNumber: record.sequenceNumber,
    subSequenceNumber: record.subSequenceNumber,
    partitionKey: record.partitionKey,
    ...(record.explicitHashKey === undefined ? {} : { explicitHashKey: record.explicitHashKey }),
    arrivalTime: new Date(record.arrivalTimeMs).toISOString(),
    errorCode: codeOf(error),
    errorMessage: error.message.slice(0, 1000),
    attempts,
    data: Buffer.from(record.data.buffer, record.data.byteOffset, record.data.byteLength).toString("base64"),
  };
}

/** The code of one of our errors, the name of any other: fit for logs, because it holds nothing of the record. */
export function codeOf(error: Error): string {
  return KinesisConnectorError.isInstance(error) ? error.code : error.name;
}
