import type { AwsClientOptions, KinesisApi, StreamName } from "@kinesis-connectors/consumer/kinesis";
import type { FanOut, ListedShard, Polling } from "@kinesis-connectors/consumer/reading";
import { type ChildShard, invalidOption, KinesisConnectorError } from "@kinesis-connectors/core";
import { fullHashKeyRange } from "@kinesis-connectors/wire";
import { Pace, paced } from "./pace.js";
import { smallAnswers } from "./small-answers.js";
import type { OpenedSource, SourceContext, SourceShard } from "./source.js";

/** The way to a stream. */
interface StreamOptions extends AwsClientOptions {
  readonly retrieval?: Polling | FanOut;
  readonly kinesisApi?: KinesisApi;
}

/** Of the five reads a second that all readers of a shard share, the live one needs one at the tip, and more where it is behind. */
const MIN_READ_INTERVAL_MS = 500;
const HOUR_MS = 3_600_000;

/** A stream, and what is read of it. */
export interface StreamToOpen {
  readonly options: StreamOptions;
  readonly name: string;
  readonly target: StreamName;
  /** The range of time, in epoch milliseconds. Undefined: shards are read as they are. */
  readonly range: { readonly fromMs: number; readonly untilMs: number } | undefined;
  /** Records of the first answer of each shard, whose size nobody knows yet. Default 100. */
  readonly firstRecords?: number;
}

/**
 * Looks at a stream, and lists its shards.
 * @throws KinesisConnectorError `KC_STREAM_MISSING`, `KC_READ_REFUSED`, `KC_RETENTION_GAP`, `KC_OPTION_INVALID`
 */
export async function openStream(opening: StreamToOpen, context: SourceContext): Promise<OpenedSource> {
  const { range, name } = opening;
  requirePast(opening, context);
  const api = await kinesisOf(opening, context);
  try {
    const { checkStream, consumerArnOf, LATE_ARRIVALS_MS, listAllShards, polling, shardSources } =
      await import("@kinesis-connectors/consumer/reading");
    tellWait(opening, context, LATE_ARRIVALS_MS);
    const { application, clock, random, logger, signal, observe, maxBytesPerSecond } = context;
    const checking = { api, stream: name, clock, random, signal, logger };
    const { streamArn, createdMs, retentionHours } = await checkStream(checking);
    const retentionMs = retentionHours * HOUR_MS;
    requireKept(opening, context, { retentionMs, createdMs });
    const settings = {
      application,
      stream: name,
      retrieval: opening.options.retrieval ?? polling(),
      fromMs: range?.fromMs,
      untilMs: range?.untilMs,
      clock,
      random,
    };
    const isPolling = settings.retrieval.type === "polling";
    const consumerArn = await consumerArnOf(settings, checking, streamArn);
    const sourceOf = shardSources(settings, api, { streamArn, consumerArn });
    /** One for each shard, also where several parts of it are read in turn: the live reader shares all of them. */
    const paceOf = new Map<string, Pace>();
    const listed = async (until: AbortSignal): Promise<readonly SourceShard[]> => {
      const shards = await listAllShards({ kinesis: api, clock, random, signal: until });
      return shards.map((shard) => shardOf(shard, name));
    };
    return {
      identity: { streamArn, createdMs },
      stream: name,
      fromMs: range?.fromMs,
      untilMs: range?.untilMs,
      shards: await listed(signal),
      sourceOf: ({ shardId, hashKeyRange }) => {
        const source = sourceOf({
          // The records of each shard have a size of their own.
          api: isPolling ? smallAnswers(api, maxBytesPerSecond, opening.firstRecords) : api,
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
        const pace =
          paceOf.get(shardId) ?? new Pace({ maxBytesPerSecond, minIntervalMs: MIN_READ_INTERVAL_MS, clock });
        paceOf.set(shardId, pace);
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

async function kinesisOf({ options, target }: StreamToOpen, { logger }: SourceContext): Promise<KinesisApi> {
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

/** Kinesis refuses an iterator at a time that has not come (API reference, GetShardIterator). An end may lie ahead: it is waited for. */
function requirePast({ range }: StreamToOpen, { clock }: SourceContext): void {
  if (range !== undefined && range.fromMs > clock.now())
    throw invalidOption(
      `from lies in the future (${new Date(range.fromMs).toISOString()}): give a moment that has passed, or read what comes with startConnector`,
    );
}

/** Says until when shards that go on are waited for, where that lies ahead. */
function tellWait({ range, name }: StreamToOpen, { clock, logger }: SourceContext, lateMs: number): void {
  if (range === undefined || range.untilMs + lateMs <= clock.now()) return;
  logger.info(
    {
      stream: name,
      until: new Date(range.untilMs).toISOString(),
      waitsUntil: new Date(range.untilMs + lateMs).toISOString(),
    },
    "shards that go on are waited for until five minutes past the end of the range, for records that are late",
  );
}

/** An iterator at a time that is no longer kept begins with the oldest record there is, without a word. */
function requireKept(
  { range, name }: StreamToOpen,
  { clock, onRetentionGap, logger }: SourceContext,
  { retentionMs, createdMs = 0 }: { readonly retentionMs: number; readonly createdMs: number | undefined },
): void {
  const oldestKeptMs = clock.now() - retentionMs;
  if (range === undefined || range.fromMs >= oldestKeptMs || createdMs >= oldestKeptMs) return;
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
