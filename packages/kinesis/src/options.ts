import type { KinesisRecord } from "@kinesis-connectors/core";
import type { KinesisConnectionOptions } from "./connection.js";

/** The origin of a record, as `positionField` writes it. Unique per user record of the source. */
export interface SourcePosition {
  readonly stream: string;
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
}

/** Options of `kinesisEmitter`. */
export interface KinesisEmitterOptions<Output> extends KinesisConnectionOptions {
  /** The target's name. Give this or `streamArn`. It must exist. */
  readonly stream?: string;
  /** The target's ARN, also in another account. Give this or `stream`. */
  readonly streamArn?: string;
  /** The bytes to put; a text is put in UTF-8. Default: bytes and texts as they are, everything else as JSON. */
  readonly data?: (output: Output, record: KinesisRecord) => Uint8Array | string;
  /** 1 to 256 characters. Default: the partition key that the record came with. */
  readonly partitionKey?: (output: Output, record: KinesisRecord) => string;
  /**
   * Decides the shard in place of the partition key: a decimal number from 0 to 2^128 - 1, or undefined for none. Default: the one that the
   * record came with (known for aggregated records), if the partition key is the record's too.
   */
  readonly explicitHashKey?: (output: Output, record: KinesisRecord) => string | undefined;
  /**
   * `partition-key`: records of one partition key arrive in the order of the stream, which takes a request per record of the most frequent
   * key. `none`: requests are as full as they can be. Default `partition-key`.
   */
  readonly ordering?: "partition-key" | "none";
  /**
   * Packs many small records into one Kinesis record, as the KPL does; readers must take them apart again (KCL, and our consumer, do). It needs
   * `kinesis:ListShards`. `maxBytes` of an aggregate: default 51,200; `maxRecords` in it: default 100,000. Default: no aggregation.
   */
  readonly aggregate?: boolean | { readonly maxBytes?: number; readonly maxRecords?: number };
  /**
   * Writes where each record came from into a field of this name, as a `SourcePosition`, so that readers can tell a record that arrived twice.
   * For outputs that are put as JSON objects; others write the position in `data`. Default: not written.
   */
  readonly positionField?: string;
  /**
   * Data and key of one record in bytes, 1 MiB to 10 MiB. More than 1 MiB only for streams that were set to it (UpdateMaxRecordSize);
   * requests may have 10 MiB in all then, else 5 MiB. Default 1 MiB. Larger records are dead letters.
   */
  readonly maxRecordBytes?: number;
}
