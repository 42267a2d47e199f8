import { DescribeStreamSummaryCommand } from "@aws-sdk/client-kinesis";
import { type Emitter, type KinesisRecord, systemClock } from "@kinesis-connectors/core";
import { limited } from "@kinesis-connectors/aws";
import { connect, type KinesisConnectionOptions } from "./connection.js";
import { cureAtOpen, errorCodeOf, refusal } from "./failures.js";
import { encodeBatch } from "./outgoing.js";
import { putBatch, type PutTarget } from "./put-batch.js";
import { settingsFrom } from "./settings.js";

/** Where a record came from: what `positionField` writes. Unique per user record of the source. */
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

/**
 * Puts each output as a record into another stream: at least once, in the order of each partition key.
 *
 * @example
 * ```ts
 * const emitter = kinesisEmitter<Order>({ stream: "large-orders", partitionKey: (order) => order.customer, positionField: "source" });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function kinesisEmitter<Output>(options: KinesisEmitterOptions<Output>): Emitter<Output> {
  const settings = settingsFrom(options);
  const { streamName: stream, region } = settings;
  const connection = connect({
    ...options,
    ...(options.region === undefined && options.client === undefined && region !== undefined
      ? { region }
      : {}),
  });
  const target: PutTarget<Output> = { connection, settings, shards: undefined };
  return {
    capabilities: { duplicates: "possible", ordering: settings.ordering },

    emit: async (batch, context) => {
      const { outgoing, refused } = encodeBatch(batch, settings);
      const unplaced = await putBatch(target, outgoing, context);
      return { failed: [...refused, ...unplaced] };
    },

    open: async ({ signal, logger }) => {
      await connection.checkEndpoint();
      try {
        await limited(connection, { signal, clock: systemClock }, (abortSignal) =>
          connection.client.send(new DescribeStreamSummaryCommand(settings.target), { abortSignal }),
        );
      } catch (error) {
        signal.throwIfAborted();
        const cure = cureAtOpen(error);
        if (cure !== undefined) throw refusal(stream, cure, error);
        // Looking at a stream takes a right that putting into it does not: the first put tells.
        logger.debug(
          { stream, error: errorCodeOf(error) },
          "the target stream could not be looked at; going on",
        );
      }
    },

    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}
