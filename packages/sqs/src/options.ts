import type { SQSClient } from "@aws-sdk/client-sqs";
import type { AwsConnectionOptions } from "@kinesis-connectors/aws";
import type { KinesisRecord } from "@kinesis-connectors/core";

/** Options of `sqsEmitter`. `requestTimeoutMs` is 30,000 by default. */
export interface SqsEmitterOptions<Output> extends AwsConnectionOptions<SQSClient> {
  /** The URL of the queue, which must exist. It is FIFO where it ends in `.fifo`. */
  readonly queueUrl: string;
  /** The body of a message; bytes must be UTF-8. Default: bytes and texts as they are, everything else as JSON. */
  readonly encode?: (output: Output, record: KinesisRecord) => Uint8Array | string;
  /**
   * The group of a message, in which a FIFO queue keeps the order: 1 to 128 letters, digits and punctuation of ASCII; anything else goes by its SHA-256. A standard queue
   * shares out its consumers by it (fair queues). Default: the partition key that the record came with; none for a standard queue.
   */
  readonly groupId?: (output: Output, record: KinesisRecord) => string;
  /**
   * How a FIFO queue knows a message that comes again within five minutes. `position`: by the position of its record in the stream. `content`: by its body, which
   * needs ContentBasedDeduplication of the queue; records of equal bodies within five minutes are one message then. Default `position`. Only for FIFO queues.
   */
  readonly deduplication?: "position" | "content";
  /** Attributes of a message, at most 10, all of them texts. Default: none. */
  readonly attributes?: (output: Output, record: KinesisRecord) => Readonly<Record<string, string>>;
  /**
   * What becomes of bodies that SQS does not take: bytes that are no UTF-8, characters that XML has no form for, nothing at all (which stays a dead letter).
   * `base64`: they are sent as base64, with the attribute `encoding` of value `base64`. Default `dead-letter`.
   */
  readonly unsendable?: "dead-letter" | "base64";
  /** Of one message with its attributes, in bytes, 1,024 to 1,048,576: the queue's MaximumMessageSize. Default 1,048,576. Larger ones are dead letters. */
  readonly maxMessageBytes?: number;
}
