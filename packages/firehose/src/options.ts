import type { FirehoseClient } from "@aws-sdk/client-firehose";
import type { AwsConnectionOptions } from "@kinesis-connectors/aws";
import type { KinesisRecord } from "@kinesis-connectors/core";

/** Options of `firehoseEmitter`. `requestTimeoutMs` is 30,000 by default. */
export interface FirehoseEmitterOptions<Output> extends AwsConnectionOptions<FirehoseClient> {
  /** The name of the delivery stream. It must exist, with Direct PUT as its source. */
  readonly deliveryStream: string;
  /** The bytes of a record; a text is put in UTF-8. Default: bytes and texts as they are, everything else as JSON. */
  readonly encode?: (output: Output, record: KinesisRecord) => Uint8Array | string;
  /**
   * What is put behind each record: Firehose puts records together as they are, without anything between them. Empty for formats that end by themselves.
   * Default: a line feed, also behind a record that ends in one already.
   */
  readonly delimiter?: string;
}
