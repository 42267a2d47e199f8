import type { Clock, Random, ShardSource } from "@kinesis-connectors/core";

import { activeConsumer, type FanOut, givenConsumer } from "./fan-out-consumer.js";
import { fanOutSource } from "./fan-out-reader.js";
import { FanOutConsumer } from "./fan-out-subscription.js";
import type { KinesisApi } from "../kinesis/kinesis-api.js";
import { type Polling, pollingSource } from "./polling-reader.js";
import type { ReaderContext } from "./reader-context.js";
import { sourcesWithin } from "./source-within.js";
import type { CheckContext } from "../kinesis/stream-check.js";

/** Facts about the stream, known once it has been looked at. */
export interface StreamFacts {
  readonly streamArn: string;
  readonly retentionMs: number;
  /** The registered fan-out consumer; undefined by polling. */
  readonly consumerArn: string | undefined;
}

/** Options that decide how shards are read. */
export interface SourceSettings {
  readonly application: string;
  readonly stream: string;
  readonly retrieval: Polling | FanOut;
  /** Where the range of time ends that is read, in epoch milliseconds; undefined where it has no end. */
  readonly untilMs: number | undefined;
  /** Where it begins; undefined where what is read first is where it begins. Only beside `untilMs`. */
  readonly fromMs?: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The ARN of the consumer to read with, found or registered; undefined by polling.
 * @throws KinesisConnectorError `KC_READ_REFUSED`, `KC_STREAM_MISSING`
 */
export async function consumerArnOf(
  { application, retrieval }: Pick<SourceSettings, "application" | "retrieval">,
  checking: CheckContext,
  streamArn: string,
): Promise<string | undefined> {
  if (retrieval.type === "polling") return undefined;
  return await readyConsumer(checking, streamArn, application, retrieval);
}

/** The consumer that is named by its ARN, or else the one of that name, registered when missing. */
function readyConsumer(
  checking: CheckContext,
  streamArn: string,
  application: string,
  { consumerArn, consumerName = application }: FanOut,
): Promise<string> {
  return consumerArn === undefined
    ? activeConsumer(checking, streamArn, consumerName)
    : givenConsumer(checking, consumerArn);
}

/** How each shard is going to be read. */
export function shardSources(
  settings: SourceSettings,
  api: KinesisApi,
  facts: Pick<StreamFacts, "streamArn" | "consumerArn">,
): (context: ReaderContext) => ShardSource {
  const sourceOf = endlessSources(settings, api, facts);
  const { fromMs, untilMs } = settings;
  return untilMs === undefined ? sourceOf : sourcesWithin({ fromMs, untilMs }, sourceOf);
}

function endlessSources(
  settings: SourceSettings,
  api: KinesisApi,
  { streamArn, consumerArn }: Pick<StreamFacts, "streamArn" | "consumerArn">,
): (context: ReaderContext) => ShardSource {
  const { application, stream, retrieval, clock, random } = settings;
  if (retrieval.type === "polling") return (context) => pollingSource(context, retrieval);
  const register = (signal: AbortSignal): Promise<string> =>
    readyConsumer({ api, stream, clock, random, signal, isRunning: true }, streamArn, application, retrieval);
  const consumer = new FanOutConsumer(consumerArn ?? "", register);
  return (context) => fanOutSource(context, consumer, retrieval);
}
