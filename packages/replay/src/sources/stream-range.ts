import type { AwsClientOptions, KinesisApi, StreamName } from "@kinesis-connectors/consumer/kinesis";
import type { FanOut, ListedShard, Polling } from "@kinesis-connectors/consumer/reading";
import {
  checkOptions,
  type ChildShard,
  invalidOption,
  KinesisConnectorError,
  nonEmptyText,
  type OptionNames,
} from "@kinesis-connectors/core";
import { fullHashKeyRange } from "@kinesis-connectors/wire";
import { checkRange, momentOf } from "./moments.js";
import { Pace, paced } from "./pace.js";
import { smallAnswers } from "./small-answers.js";
import type { OpenedSource, ReplaySource, SourceContext, SourceShard } from "./source.js";

/** Options of `streamRange`. */
export interface StreamRangeOptions extends AwsClientOptions {
  /** The stream's name. Give this or `streamArn`. */
  readonly stream?: string;
  /** The stream's ARN, also of another account. Give this or `stream`. */
  readonly streamArn?: string;
  /** Reads what arrived at this moment or later. The stream must still keep it. */
  readonly from: Date;
  /** Reads what arrived before this moment. Where a shard goes on, its end is sure only five minutes past it, because arrival times need not rise. */
  readonly until: Date;
  /**
   * `polling()` (default), at the replay's `maxBytesPerSecond` and at most twice a second and shard, because the live reader shares the shard; or
   * `fanOut()`, which reads as fast as it can by a registered consumer of its own.
   */
  readonly retrieval?: Polling | FanOut;
  /** Another way to Kinesis than the AWS SDK, for simulations. Bound to the stream; closed when the replay ends. */
  readonly kinesisApi?: KinesisApi;
}

const NAMES: OptionNames<StreamRangeOptions> = {
  stream: true,
  streamArn: true,
  from: "required",
  until: "required",
  retrieval: true,
  kinesisApi: true,
  region: true,
  endpoint: true,
  credentials: true,
  allowInsecure: true,
  proxy: true,
};

/** Of the five reads a second that all readers of a shard share, the live one needs one at the tip, and more where it is behind. */
const MIN_READ_INTERVAL_MS = 500;
const HOUR_MS = 3_600_000;

/**
 * The records of a stream that arrived in a range of time, `from` <= arrival < `until`, to the last and no other: every shard that there was, open and closed,
 * children after their parents.
 *
 * @example
 * ```ts
 * const source = streamRange({ stream: "clicks", from: new Date("2026-11-28T00:00:00Z"), until: new Date("2026-11-29T00:00:00Z") });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function streamRange(options: StreamRangeOptions): ReplaySource {
  checkOptions("streamRange", options, NAMES);
  const { stream, streamArn, retrieval } = options;
  const fromMs = momentOf("from", options.from) ?? 0;
  const untilMs = momentOf("until", options.until) ?? 0;
  checkRange(fromMs, untilMs);
  if ((stream === undefined) === (streamArn === undefined))
    throw invalidOption("streamRange takes either the name of the stream (stream) or its ARN (streamArn)");
  const name = nonEmptyText("stream", stream ?? streamArn?.slice(streamArn.lastIndexOf("/") + 1) ?? "");
  const target: StreamName =
    streamArn === undefined ? { StreamName: name } : { StreamARN: nonEmptyText("streamArn", streamArn) };
  if (retrieval !== undefined && retrieval.type !== "polling" && retrieval.type !== "fan-out")
    throw invalidOption("retrieval must be polling({ ... }) or fanOut({ ... })");
  return {
    type: "stream-range",
    open: (context) => openRange({ options, name, target, fromMs, untilMs }, context),
  };
}

interface Range {
  readonly options: StreamRangeOptions;
  readonly name: string;
  readonly target: StreamName;
  readonly fromMs: number;
  readonly untilMs: number;
}

async function openRange(range: Range, context: SourceContext): Promise<OpenedSource> {
  const { fromMs, untilMs, name } = range;
  const api = await kinesisOf(range, context);
  try {
    const { checkStream, consumerArnOf, listAllShards, polling, shardSources } =
      await import("@kinesis-connectors/consumer/reading");
    const { application, clock, random, logger, signal, observe, maxBytesPerSecond } = context;
    const checking = { api, stream: name, clock, random, signal, logger };
    const { streamArn, createdMs, retentionHours } = await checkStream(checking);
    const retentionMs = retentionHours * HOUR_MS;
    requireKept(range, context, { retentionMs, createdMs });
    const settings = {
      application,
      stream: name,
      retrieval: range.options.retrieval ?? polling(),
      fromMs,
      untilMs,
      clock,
      random,
    };
    const isPolling = settings.retrieval.type === "polling";
    const consumerArn = await consumerArnOf(settings, checking, streamArn);
    const reading = isPolling ? smallAnswers(api, maxBytesPerSecond) : api;
    const sourceOf = shardSources(settings, reading, { streamArn, consumerArn });
    const listed = async (until: AbortSignal): Promise<readonly SourceShard[]> => {
      const shards = await listAllShards({ kinesis: api, clock, random, signal: until });
      return shards.map((shard) => shardOf(shard, name));
    };
    return {
      identity: { streamArn, createdMs },
      stream: name,
      fromMs,
      untilMs,
      shards: await listed(signal),
      sourceOf: ({ shardId, hashKeyRange }) => {
        const source = sourceOf({
          api: reading,
          stream: name,
          shardId,
          range:
            hashKeyRange === undefined
              ? fullHashKeyRange
              : {
                  startingHashKey: BigInt(hashKeyRange.startingHashKey),
                  endingHashKey: BigInt(hashKeyRange.endingHashKey),
                },
          clock,
          random,
          observe,
          retentionMs,
        });
        const pace = new Pace({ maxBytesPerSecond, minIntervalMs: MIN_READ_INTERVAL_MS, clock });
        return isPolling ? paced(source, pace) : source;
      },
      childrenOf: async (shardId, named, until) => {
        if (named.length > 0) return named.map((child) => childOf(child, name));
        // A shard that retention has taken away names no children.
        return (await listed(until)).filter(({ parentShardIds }) => parentShardIds.includes(shardId));
      },
      close: () => {
        api.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    api.close();
    throw error;
  }
}

async function kinesisOf({ options, target }: Range, { logger }: SourceContext): Promise<KinesisApi> {
  if (options.kinesisApi !== undefined) return options.kinesisApi;
  const { region, endpoint, credentials, allowInsecure, proxy } = options;
  const { connectKinesis } = await import("@kinesis-connectors/consumer/kinesis");
  return await connectKinesis({
    stream: target,
    logger,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(allowInsecure === undefined ? {} : { allowInsecure }),
    ...(proxy === undefined ? {} : { proxy }),
  });
}

/** An iterator at a time that is no longer kept begins with the oldest record there is, without a word. */
function requireKept(
  { fromMs, name }: Range,
  { clock, onRetentionGap, logger }: SourceContext,
  { retentionMs, createdMs = 0 }: { readonly retentionMs: number; readonly createdMs: number | undefined },
): void {
  const oldestKeptMs = clock.now() - retentionMs;
  if (fromMs >= oldestKeptMs || createdMs >= oldestKeptMs) return;
  const oldest = new Date(oldestKeptMs).toISOString();
  if (onRetentionGap === "continue") {
    logger.warn(
      { stream: name, oldest },
      "the range begins before what the stream still keeps; what is gone is left out",
    );
    return;
  }
  throw new KinesisConnectorError(
    "KC_RETENTION_GAP",
    `stream "${name}" keeps what arrived since ${oldest}, and from asks for more: give a later one, replay an archive (s3Archive), or set ` +
      'onRetentionGap to "continue" for what is left',
  );
}

function shardOf(
  { shardId, parentShardId, adjacentParentShardId, startingHashKey, endingHashKey }: ListedShard,
  stream: string,
): SourceShard {
  return {
    stream,
    shardId,
    parentShardIds: [parentShardId, adjacentParentShardId].filter((id) => id !== undefined),
    hashKeyRange: { startingHashKey, endingHashKey },
  };
}

function childOf(
  { shardId, parentShardIds, startingHashKey, endingHashKey }: ChildShard,
  stream: string,
): SourceShard {
  return { stream, shardId, parentShardIds, hashKeyRange: { startingHashKey, endingHashKey } };
}
