import {
  asError,
  ByteBudget,
  type Pipeline,
  type Position,
  processShard,
  type ShardEvent,
  type ShardOutcome,
  type ShardSource,
} from "@kinesis-connectors/core";
import { fullHashKeyRange, type HashKeyRange } from "@kinesis-connectors/wire";

import { createDynamoDbClient, createKinesisClient, createSubscriptionClient } from "./aws-clients.js";
import { Closing } from "./closing.js";
import { logEvent } from "./event-log.js";
import { type ConnectorEvent, EventFeed, type EventsDropped } from "./events.js";
import { activeConsumer } from "./fan-out-consumer.js";
import { fanOutSource } from "./fan-out-reader.js";
import { FanOutConsumer } from "./fan-out-subscription.js";
import type { KinesisApi } from "./kinesis-api.js";
import type { Lease } from "./lease.js";
import type { LeaseTable } from "./lease-table.js";
import { dynamoDbLeaseTable } from "./leases/dynamodb-lease-table.js";
import { type ConnectorOptions, type ConnectorSettings, connectorSettings } from "./options.js";
import { pollingSource } from "./polling-reader.js";
import { type ConnectorProgress, ProgressTally } from "./progress.js";
import { ReadThrough } from "./read-through.js";
import type { ReaderContext } from "./reader-context.js";
import { RetentionWatch } from "./retention-watch.js";
import { sdkKinesis } from "./sdk-kinesis.js";
import { type CheckContext, checkStream } from "./stream-check.js";
import { createWorker, type ShardAssignment } from "./worker.js";

/**
 * A running connector. Iterating over it gives its events, each iteration at its own speed: a slow one misses the oldest and is told
 * how many (`events-drop`), and nothing is kept when nobody iterates. The iteration ends when the connector has stopped, and throws
 * what ended it.
 */
export interface Connector extends AsyncDisposable, AsyncIterable<ConnectorEvent | EventsDropped> {
  /** Names this start of this process in the lease table: `<workerId>:<uuid>`. */
  readonly ownerId: string;
  /** Settles when everything has stopped: resolves after a graceful stop, rejects with what ended the connector otherwise. */
  readonly done: Promise<void>;
  /**
   * Graceful: stops reading, flushes, emits, commits, gives the shards back, within `stopDeadlineMs`. Never rejects; calling it again
   * waits for the same stop.
   */
  readonly stop: () => Promise<void>;
  /** How it is doing now, shard by shard. */
  readonly progress: () => ConnectorProgress;
}

/**
 * Starts reading a stream into a pipeline. Resolves once the stream, the lease table and the destination have been found usable;
 * rejects with nothing left running otherwise. The shards are shared with all other processes of the same `application`.
 *
 * @example
 * ```ts
 * await using connector = await startConnector({ application: "orders-to-s3", stream: "orders", pipeline: orders, signal });
 * await connector.done;
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, `KC_STREAM_MISSING`, `KC_READ_REFUSED`, `KC_LEASE_TABLE`, or what the emitter's
 * `open` throws; the reason of `signal` when it is aborted before or during the start
 */
export async function startConnector<Model, Output, Plan = undefined, DeadLetterPlan = undefined>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
): Promise<Connector> {
  const settings = connectorSettings(options);
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  const closing = new Closing();
  try {
    return await start(options, settings, signal, closing);
  } catch (error) {
    // What could not be closed is of no interest beside what failed.
    await closing.close();
    throw error;
  }
}

async function start<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  settings: ConnectorSettings,
  signal: AbortSignal,
  closing: Closing,
): Promise<Connector> {
  const { application, streamName: stream, ownerId, clock, random, logger } = settings;
  const { pipeline } = options;
  const feed = new EventFeed();
  const tally = new ProgressTally();
  const observe = (event: ConnectorEvent): void => {
    tally.count(event);
    logEvent(logger, event);
    feed.publish(event);
  };

  const api = kinesisOf(options, settings, () => observe({ type: "wire-fallback", wireFormat: "json" }));
  closing.add(api.close);
  const checking = { api, stream, clock, random, signal };
  const { streamArn, retentionHours } = await checkStream(checking);
  const sourceOf = await sourcesOf(settings, checking, streamArn);
  const table = leaseTableOf(options, settings);
  if (table.close !== undefined) closing.add(table.close);
  await openEmitters(pipeline, signal, settings, closing);

  const budget = new ByteBudget(settings.maxReadAheadBytes);
  const retentionMs = retentionHours * HOUR_MS;
  const retention = new RetentionWatch({
    api,
    stream,
    clock,
    observe,
    retentionMs,
    failed: (error) =>
      logger.warn({ error: error.name }, "a look at the retention left failed; it is tried again"),
  });
  closing.add(() => retention.stop());

  const runShard = (assignment: ShardAssignment): Promise<ShardOutcome> => {
    const { shardId, lease, checkpointer, initialPosition, stopSignal, abortSignal } = assignment;
    const watched = retention.watch(shardId, lease.readThroughMs);
    const readThrough = new ReadThrough(positionOf(lease), (throughMs) => {
      watched.committed(throughMs);
      assignment.noteReadThrough(throughMs);
    });
    const source = sourceOf({
      api,
      stream,
      shardId,
      range: rangeOf(lease),
      clock,
      random,
      observe,
      readThroughMs: lease.readThroughMs,
      retentionMs,
      onReadThrough: (throughMs, scannedEnd) => {
        watched.read(throughMs);
        readThrough.read(throughMs, scannedEnd);
      },
    });
    const observeShard = (event: ShardEvent): void => {
      if (event.type === "checkpoint-commit") readThrough.commit(event.checkpoint);
      observe(event);
    };
    return processShard(pipeline, {
      application,
      stream,
      shardId,
      source,
      checkpointer,
      initialPosition,
      clock,
      random,
      budget,
      observe: observeShard,
      stopSignal,
      abortSignal,
      onRetentionGap: settings.onRetentionGap,
    }).finally(watched.end);
  };

  const worker = createWorker({
    ownerId,
    table,
    kinesis: api,
    initialPosition: settings.initialPosition,
    runShard,
    clock,
    random,
    logger,
    observe,
    leases: settings.leases,
  });
  signal.throwIfAborted();
  await worker.start();
  observe({ type: "connector-start", application, stream, ownerId });

  const stopWorker = (): Promise<void> => worker.stop(settings.stopDeadlineMs);
  const onAbort = (): void => void stopWorker();
  const finish = async (): Promise<void> => {
    let failure: Error | undefined;
    try {
      await worker.done;
    } catch (thrown) {
      failure = asError(thrown);
    }
    signal.removeEventListener("abort", onAbort);
    // Always, and apart from the `??=`, which would leave everything open after a failure.
    const notClosed = await closing.close();
    failure ??= notClosed;
    observe({ type: "connector-stop", ...(failure === undefined ? {} : { error: failure }) });
    feed.end(failure);
    if (failure !== undefined) throw failure;
  };
  const done = finish();
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });

  const stop = async (): Promise<void> => {
    await stopWorker();
    await done.catch(() => undefined);
  };
  return {
    ownerId,
    done,
    stop,
    progress: () => tally.snapshot(),
    [Symbol.asyncDispose]: stop,
    [Symbol.asyncIterator]: () => {
      // Whoever iterates is told of a failure there; `done` need not be looked at as well.
      done.catch(() => undefined);
      return feed.listen();
    },
  };
}

/** How each shard is going to be read; a fan-out consumer is registered first. */
async function sourcesOf(
  { application, retrieval }: ConnectorSettings,
  checking: CheckContext,
  streamArn: string,
): Promise<(context: ReaderContext) => ShardSource> {
  if (retrieval.type === "polling") return (context) => pollingSource(context, retrieval);
  const { consumerName = application } = retrieval;
  const register = (signal: AbortSignal): Promise<string> =>
    activeConsumer({ ...checking, signal }, streamArn, consumerName);
  const consumer = new FanOutConsumer(await register(checking.signal), register);
  return (context) => fanOutSource(context, consumer, retrieval);
}

function kinesisOf<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  settings: ConnectorSettings,
  onWireFallback: () => void,
): KinesisApi {
  const { streamTarget, logger } = settings;
  const kinesis = { ...settings.kinesis, onWireFallback };
  if (options.kinesisApi !== undefined) return options.kinesisApi;
  const own = options.clients?.kinesis;
  if (own !== undefined) return sdkKinesis(own, streamTarget);
  return sdkKinesis(createKinesisClient(kinesis, logger), streamTarget, {
    ownsClient: true,
    subscriptionClient: () => createSubscriptionClient(kinesis, logger),
  });
}

const HOUR_MS = 3_600_000;

// A third of the failover time leaves time to read a lost answer back; more than 10 s helps nobody.
const MAX_LEASE_CALL_MS = 10_000;

function leaseTableOf<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  settings: ConnectorSettings,
): LeaseTable {
  const { leaseTable, leases, logger, clock, random } = settings;
  if (typeof leaseTable === "object") return leaseTable;
  const own = options.clients?.dynamodb;
  const requestTimeoutMs = Math.min(MAX_LEASE_CALL_MS, Math.ceil(leases.failoverTimeMs / 3));
  const client = own ?? createDynamoDbClient(settings.dynamodb, logger, requestTimeoutMs);
  return dynamoDbLeaseTable({
    tableName: leaseTable,
    client,
    clock,
    random,
    logger,
    ownsClient: own === undefined,
  });
}

async function openEmitters<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  signal: AbortSignal,
  { logger }: ConnectorSettings,
  closing: Closing,
): Promise<void> {
  for (const emitter of [pipeline.emitter, pipeline.deadLetters]) {
    if (emitter === undefined) continue;
    if (emitter.close !== undefined) closing.add(emitter.close);
    await emitter.open?.({ signal, logger });
  }
}

function positionOf(lease: Lease): Position | undefined {
  return typeof lease.checkpoint === "object" ? lease.checkpoint : undefined;
}

function rangeOf(lease: Lease): HashKeyRange {
  const range = lease.hashKeyRange;
  if (range === undefined) return fullHashKeyRange;
  return {
    startingHashKey: BigInt(range.startingHashKey),
    endingHashKey: BigInt(range.endingHashKey),
  };
}
