import { AWS_CONNECTION_OPTIONS } from "@kinesis-connectors/aws";
import {
  checkOptions,
  invalidOption,
  jsonOfOutput,
  type OptionNames,
  wholeNumber,
} from "@kinesis-connectors/core";
import { LEAST_MESSAGE_BYTES, MAX_BYTES } from "./limits.js";
import type { SqsEmitterOptions } from "./options.js";

const NAMES: OptionNames<SqsEmitterOptions<unknown>> = {
  ...AWS_CONNECTION_OPTIONS,
  queueUrl: "required",
  encode: true,
  groupId: true,
  deduplication: true,
  attributes: true,
  unsendable: true,
  maxMessageBytes: true,
};

/** The name of a queue (API reference, CreateQueue), behind the account. */
const QUEUE_URL = /^https?:\/\/[^\s/?#@]+\/(?:[^\s?#@]+\/)?([A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$/;
/** `https://sqs.<region>.amazonaws.com/...`, and what other partitions and VPC endpoints make of it. */
const REGION = /^https:\/\/(?:[^/]+\.)?sqs\.([a-z0-9-]+)\.[^/]*amazonaws\.com/;

/** `SqsEmitterOptions`, checked and complete. */
export interface SqsSettings<Output> {
  readonly queueUrl: string;
  /** For messages. */
  readonly queueName: string;
  readonly isFifo: boolean;
  /** The region that the URL names. */
  readonly region: string | undefined;
  readonly encode: NonNullable<SqsEmitterOptions<Output>["encode"]>;
  /** Undefined: messages have no group. */
  readonly groupId: SqsEmitterOptions<Output>["groupId"] | undefined;
  readonly deduplication: "position" | "content" | undefined;
  readonly attributes: SqsEmitterOptions<Output>["attributes"] | undefined;
  readonly unsendable: "dead-letter" | "base64";
  readonly maxMessageBytes: number;
}

/**
 * Checks the options.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function settingsFrom<Output>(options: SqsEmitterOptions<Output>): SqsSettings<Output> {
  checkOptions("sqsEmitter", options, NAMES);
  const { queueUrl, encode = bodyAsItIs, groupId, attributes, unsendable = "dead-letter" } = options;
  const queueName = typeof queueUrl === "string" ? QUEUE_URL.exec(queueUrl)?.[1] : undefined;
  if (queueName === undefined)
    throw invalidOption(
      "queueUrl must be a queue's URL, such as https://sqs.eu-central-1.amazonaws.com/123456789012/orders",
    );
  const isFifo = queueName.endsWith(".fifo");
  for (const [name, given] of Object.entries({ encode, groupId, attributes }))
    if (given !== undefined && typeof given !== "function")
      throw invalidOption(`${name} must be a function of the output and its record`);
  if (unsendable !== "dead-letter" && unsendable !== "base64")
    throw invalidOption('unsendable must be "dead-letter" or "base64"');
  const { deduplication } = options;
  if (deduplication !== undefined && deduplication !== "position" && deduplication !== "content")
    throw invalidOption('deduplication must be "position" or "content"');
  if (deduplication !== undefined && !isFifo)
    throw invalidOption("deduplication is for FIFO queues, whose names end in .fifo: leave it out");
  return {
    queueUrl,
    queueName,
    isFifo,
    region: REGION.exec(queueUrl)?.[1],
    encode,
    groupId: groupId ?? (isFifo ? (_output, record) => record.partitionKey : undefined),
    deduplication: isFifo ? (deduplication ?? "position") : undefined,
    attributes,
    unsendable,
    maxMessageBytes: wholeNumber("maxMessageBytes", options.maxMessageBytes ?? MAX_BYTES, {
      min: LEAST_MESSAGE_BYTES,
      max: MAX_BYTES,
    }),
  };
}

/** Bytes and texts as they are, everything else as JSON, its numbers with all their digits. */
function bodyAsItIs(output: unknown): Uint8Array | string {
  return output instanceof Uint8Array || typeof output === "string" ? output : jsonOfOutput(output);
}
