import {
  KinesisConnectorError,
  sleep,
  checkOptions,
  type OptionNames,
  invalidOption,
} from "@kinesis-connectors/core";

import { isKind, type StreamConsumer } from "../kinesis/kinesis-api.js";
import { type CheckContext, patiently } from "../kinesis/stream-check.js";

/** Options of `fanOut`. */
export interface FanOutOptions {
  /** The registered consumer's name, unique within the stream. Registered when missing. Default: the application's name. */
  readonly consumerName?: string;
  /**
   * The ARN of a consumer that is registered already, as the owner of a stream in another account does it: nothing is registered then. Excludes
   * `consumerName`. It takes `kinesis:SubscribeToShard` on the consumer; with `kinesis:DescribeStreamConsumer` it is looked at first.
   */
  readonly consumerArn?: string;
  /** Reaction to a consumer that somebody deregistered and that cannot be registered again. Default: stop with an error. */
  readonly fallback?: "polling";
}

const NAMES: OptionNames<FanOutOptions> = { consumerName: true, consumerArn: true, fallback: true };

/** `FanOutOptions`, checked. */
export interface FanOut {
  readonly type: "fan-out";
  readonly consumerName: string | undefined;
  readonly consumerArn?: string | undefined;
  readonly fallback: "polling" | undefined;
}

// RegisterStreamConsumer, ConsumerName: 1 to 128 characters of [a-zA-Z0-9_.-].
const CONSUMER_NAME = /^[a-zA-Z0-9_.-]{1,128}$/;

/**
 * Checks a consumer's name; an application names its consumer too, unless that has a name of its own.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function checkConsumerName(option: string, name: string): void {
  if (CONSUMER_NAME.test(name)) return;
  throw new KinesisConnectorError(
    "KC_OPTION_INVALID",
    `${option} names the fan-out consumer, and must be 1 to 128 letters, digits, '_', '.' or '-'`,
  );
}

/**
 * Reads by SubscribeToShard (enhanced fan-out): each consumer has 2 MiB/s per shard of its own, records arrive as they are put, and
 * it costs extra per shard-hour and GB. A stream takes 20 registered consumers.
 *
 * The consumer stays registered when the connector stops, for other workers and for the next start; deregister it with the AWS CLI
 * when the application is retired.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function fanOut(options: FanOutOptions = {}): FanOut {
  checkOptions("fanOut", options, NAMES);
  const { consumerName, consumerArn, fallback } = options;
  if (consumerArn !== undefined) {
    if (consumerName !== undefined)
      throw invalidOption(
        "retrieval.consumerName and retrieval.consumerArn are both given: give one of them",
      );
    if (partsOf(consumerArn) === undefined)
      throw invalidOption(
        "retrieval.consumerArn must look like arn:aws:kinesis:<region>:<account>:stream/<stream>/consumer/<name>:<number>",
      );
  }
  if (consumerName !== undefined) checkConsumerName("retrieval.consumerName", consumerName);
  if (fallback !== undefined && fallback !== "polling") {
    throw new KinesisConnectorError("KC_OPTION_INVALID", 'retrieval.fallback must be "polling" or left out');
  }
  return {
    type: "fan-out",
    consumerName,
    fallback,
    ...(consumerArn === undefined ? {} : { consumerArn }),
  };
}

// "Actions, resources, and condition keys for Amazon Kinesis Data Streams", resource type consumer.
const CONSUMER_ARN =
  /^(arn:aws[a-z-]{0,20}:kinesis:[a-z0-9-]{1,40}:\d{12}:stream\/([a-zA-Z0-9_.-]{1,128}))\/consumer\/([a-zA-Z0-9_.-]{1,128}):\d{1,20}$/;

/** The parts of a consumer's ARN; undefined where it is none. */
export function partsOf(
  consumerArn: string,
): { readonly streamArn: string; readonly streamName: string; readonly consumerName: string } | undefined {
  const [, streamArn, streamName, consumerName] = CONSUMER_ARN.exec(consumerArn) ?? [];
  return streamArn === undefined || streamName === undefined || consumerName === undefined
    ? undefined
    : { streamArn, streamName, consumerName };
}

// The KCL looks ten times, a second apart; a busy account can take longer.
const ACTIVE_POLL_MS = 1_000;
const MAX_ACTIVE_POLLS = 60;

/**
 * The ARN of the registered consumer, ready for subscriptions: found by name, else registered; then waited for until ACTIVE.
 * @throws KinesisConnectorError `KC_READ_REFUSED`, `KC_STREAM_MISSING`
 */
export async function activeConsumer(
  context: CheckContext,
  streamArn: string,
  consumerName: string,
): Promise<string> {
  const { clock, signal, stream } = context;
  for (let poll = 0; poll < MAX_ACTIVE_POLLS; poll += 1) {
    const consumer = await patiently(context, () => findOrRegister(context, streamArn, consumerName));
    if (consumer?.status === "ACTIVE") return consumer.consumerArn;
    await sleep(clock, ACTIVE_POLL_MS, signal);
    signal.throwIfAborted();
  }
  throw notActive(stream, consumerName);
}

function notActive(stream: string, consumerName: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `consumer ${consumerName} of stream ${stream} has not become ACTIVE: look at it with the AWS CLI, or use polling()`,
  );
}

/**
 * Waits until a consumer that somebody else registered is ACTIVE. Where it may not be looked at, the first subscription tells.
 * @throws KinesisConnectorError `KC_READ_REFUSED` when there is none of that ARN, `KC_STREAM_MISSING`
 */
export async function givenConsumer(context: CheckContext, consumerArn: string): Promise<string> {
  const { api, clock, signal, stream, logger } = context;
  const { streamArn = "", consumerName = "" } = partsOf(consumerArn) ?? {};
  for (let poll = 0; poll < MAX_ACTIVE_POLLS; poll += 1) {
    const found = await patiently(context, async () => {
      try {
        return await api.describeConsumer(streamArn, consumerName, signal);
      } catch (error) {
        if (!isKind(error, "access-denied")) throw error;
        logger?.info(
          { stream, consumerArn },
          "the consumer may not be looked at; the first subscription tells",
        );
        return { consumerArn, status: "ACTIVE" } as const;
      }
    });
    if (found === undefined || found.consumerArn !== consumerArn)
      throw new KinesisConnectorError(
        "KC_READ_REFUSED",
        `consumer ${consumerArn} of stream ${stream} is not registered${found === undefined ? "" : ` (there is ${found.consumerArn})`}: ` +
          "let the owner of the stream register it, and give its ARN as retrieval.consumerArn",
      );
    if (found.status === "ACTIVE") return consumerArn;
    await sleep(clock, ACTIVE_POLL_MS, signal);
    signal.throwIfAborted();
  }
  throw notActive(stream, consumerName);
}

/** Undefined when another worker is registering the same name at this moment: it will be found the next time. */
async function findOrRegister(
  context: CheckContext,
  streamArn: string,
  consumerName: string,
): Promise<StreamConsumer | undefined> {
  const { api, signal } = context;
  const found = await api.describeConsumer(streamArn, consumerName, signal);
  if (found !== undefined) return found;
  try {
    return await api.registerConsumer(streamArn, consumerName, signal);
  } catch (error) {
    if (isKind(error, "in-use")) return undefined;
    throw error;
  }
}
