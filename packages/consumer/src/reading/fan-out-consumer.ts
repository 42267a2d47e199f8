import { KinesisConnectorError, sleep, checkOptions, type OptionNames } from "@kinesis-connectors/core";

import { isKind, type StreamConsumer } from "../kinesis/kinesis-api.js";
import { type CheckContext, patiently } from "../kinesis/stream-check.js";

/** How a shard is read with its own throughput. */
export interface FanOutOptions {
  /** The registered consumer's name, unique within the stream. Registered when missing. Default: the application's name. */
  readonly consumerName?: string;
  /** What to do when the consumer cannot be registered again after somebody deregistered it. Default: stop with an error. */
  readonly fallback?: "polling";
}

const NAMES: OptionNames<FanOutOptions> = { consumerName: true, fallback: true };

/** `FanOutOptions`, checked. */
export interface FanOut {
  readonly type: "fan-out";
  readonly consumerName: string | undefined;
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
  const { consumerName, fallback } = options;
  if (consumerName !== undefined) checkConsumerName("retrieval.consumerName", consumerName);
  if (fallback !== undefined && fallback !== "polling") {
    throw new KinesisConnectorError("KC_OPTION_INVALID", 'retrieval.fallback must be "polling" or left out');
  }
  return { type: "fan-out", consumerName, fallback };
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
  throw new KinesisConnectorError(
    "KC_READ_REFUSED",
    `consumer ${consumerName} of stream ${stream} has not become ACTIVE: look at it with the AWS CLI, or use polling()`,
  );
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
