import {
  asError,
  closeLimitMs,
  Closing,
  type HandedBatch,
  type Logger,
  errorFields,
  guardedObserver,
  silentLogger,
} from "@kinesis-connectors/core";

import { runAssignedShard } from "./engines/assigned-shard.js";
import { batchesFrom } from "./engines/batches.js";
import { enginesOf } from "./engines/engines-of.js";
import { EventLog } from "./event-log.js";
import { type ConnectorEvent, EventFeed, type EventsDropped } from "./events.js";
import { kinesisAccess } from "./kinesis/kinesis-access.js";
import { type LeaseTable, tableOfRange, tableOfStream } from "@kinesis-connectors/leases";
import { ownLeaseTable } from "./lease-table/own-lease-table.js";
import { type ConnectorSettings, connectorSettings } from "./connector-settings.js";
import type { ConnectorOptions } from "./options.js";
import { EventChannels } from "./event-channels.js";
import type { ConnectorProgress } from "./progress.js";
import { ProgressTally } from "./progress-tally.js";
import { streamLogger } from "./stream-logger.js";
import { RetentionWatch } from "./reading/retention-watch.js";
import type { ShardEngines } from "./engines/shard-engines.js";
import { consumerArnOf } from "./reading/shard-sources.js";
import { checkStream } from "./kinesis/stream-check.js";
import { thisMachine } from "./worker/fleet3/cpu/machine.js";
import { measuringCpu } from "./worker/fleet3/cpu/measure-cpu.js";
import { Loop } from "./worker/loop.js";
import { WorkerRun } from "./worker/worker-run.js";

/**
 * A running connector. Iterating over it gives its events, each iteration at its own speed: a slow one misses the oldest and is told
 * how many (`events-drop`), and nothing is kept when nobody iterates. The iteration ends when the connector has stopped, and throws
 * what ended it.
 */
export interface Connector<Output = unknown>
  extends AsyncDisposable, AsyncIterable<ConnectorEvent | EventsDropped> {
  /** Names this start of this process in the lease table: `<workerId>:<uuid>`. */
  readonly ownerId: string;
  /** Settles when everything has stopped: resolves after a graceful stop, rejects with what ended the connector otherwise. */
  readonly done: Promise<void>;
  /**
   * Graceful: stops reading, flushes, emits, commits, gives the shards back, within `stopDeadlineMs`. Never rejects; calling it again
   * waits for the same stop.
   */
  readonly stop: () => Promise<void>;
  /** The state of the connector now, shard by shard. */
  readonly progress: () => ConnectorProgress;
  /**
   * The batches of a pipeline whose emitter is `handedBatches()`, one after the other, to be committed by whoever takes them. Each shard hands out one batch at a time
   * and fills the next one meanwhile: a slow loop holds the reading up, and memory stays bounded. Ends when the connector has stopped, and throws what ended it.
   *
   * A loop that is left (`break`, a throw) gives its batch back, and the next loop is handed it again. To end in order, call `stop()` or abort `signal` without waiting
   * for it inside the loop, and go on: the loop ends behind the last batch. What is not committed by `stopDeadlineMs` is read again by the next owner.
   *
   * @example
   * ```ts
   * for await (const batch of connector.batches()) {
   *   await insert(batch.entries.map(({ output }) => output));
   *   await batch.commit();
   * }
   * ```
   * @throws KinesisConnectorError `KC_OPTION_INVALID` when the emitter is another one, or the pipeline runs in threads
   */
  readonly batches: () => AsyncGenerator<HandedBatch<Output>, void>;
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
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, `KC_STREAM_MISSING`, `KC_READ_REFUSED`, `KC_LEASE_TABLE`, `KC_THREAD_LOST`, or what
 * the emitter's `open` or the pipeline's module throws; the reason of `signal` when it is aborted before or during the start
 */
export async function startConnector<Model, Output, Plan = undefined, DeadLetterPlan = undefined>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
): Promise<Connector<Output>> {
  const settings = connectorSettings(options);
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  const closing = new Closing(settings.clock);
  try {
    return await start(options, settings, signal, closing);
  } catch (error) {
    // What could not be closed is of no interest beside what failed.
    await closing.close(settings.stopDeadlineMs);
    throw error;
  }
}

async function start<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  settings: ConnectorSettings,
  signal: AbortSignal,
  closing: Closing,
): Promise<Connector<Output>> {
  const { application, streamName: stream, ownerId, clock, random } = settings;
  const feed = new EventFeed();
  const facts = { application, stream, ownerId };
  const tally = new ProgressTally(clock, {
    ...facts,
    maxReadAheadBytes: settings.maxReadAheadBytes,
    failoverTimeMs: settings.leases.failoverTimeMs,
  });
  const channels = new EventChannels(facts);
  const told = guardedObserver(options.observe, () => logger);
  // Each client gives CBOR up by itself: the one here, that of the subscriptions, those of threads.
  let speaksJson = false;
  const observe = (event: ConnectorEvent): void => {
    if (event.type === "wire-fallback") {
      if (speaksJson) return;
      speaksJson = true;
    }
    tally.count(event);
    told(event);
    channels.publish(event);
    log.write(event);
    feed.publish(event);
  };
  const onWireFallback = (): void => observe({ type: "wire-fallback", wireFormat: "json" });
  const engines: ShardEngines = await enginesOf(options.pipeline, settings, { onWireFallback, observe });
  signal.throwIfAborted();
  const { broken } = engines;
  const logger = streamLogger(engines.logger, stream);
  const log = new EventLog({
    logger,
    clock,
    progress: () => tally.snapshot(),
    hasInitialPosition: settings.initialPosition.type !== "trim-horizon",
  });

  const access = kinesisAccess({
    api: options.kinesisApi,
    client: options.clients?.kinesis,
    connection: settings.kinesis,
    streamTarget: settings.streamTarget,
    logger,
    onWireFallback,
  });
  const { api } = access;
  closing.add(() => api.close());
  const { table: ownTable, checkEndpoint } = leaseTableOf(options, settings, logger);
  closing.addForeign("the lease table", () => ownTable.close?.());
  const { leaseTable, untilMs } = settings;
  const rangeTable = tableOfRange(ownTable, { untilMs, application });
  // Both before anything is sent: a name of the stream, a token of the session.
  await access.checkEndpoint?.();
  await checkEndpoint?.();
  const checking = { api, stream, clock, random, signal, logger };
  const { streamArn, retentionHours, createdMs } = await checkStream(checking);
  const retentionMs = retentionHours * HOUR_MS;
  const consumerArn = await consumerArnOf(settings, checking, streamArn);
  const table =
    streamArn === ""
      ? rangeTable
      : tableOfStream(rangeTable, {
          stream: { streamArn, createdMs },
          application,
          tableName: typeof leaseTable === "string" ? leaseTable : undefined,
        });
  closing.add((limitMs) => engines.close(limitMs));
  await engines.open(access, { streamArn, retentionMs, consumerArn }, signal);

  const retention = new RetentionWatch({
    api,
    stream,
    clock,
    observe,
    retentionMs,
    failed: (error) =>
      logger.warn(errorFields(error), "a look at the retention left failed; it is tried again"),
  });
  closing.add(() => retention.stop());

  const worker = new WorkerRun({
    ownerId,
    table,
    isRange: untilMs !== undefined,
    kinesis: api,
    initialPosition: settings.initialPosition,
    runShard: (assignment) => runAssignedShard(assignment, { engines, retention, observe }),
    watchPaused: ({ leaseKey, readThroughMs }) => retention.watch(leaseKey, readThroughMs).end,
    clock,
    random,
    logger,
    observe,
    leases: settings.leases,
    measureCpu: options.measureCpu ?? measuringCpu(thisMachine(clock), clock),
    stopDeadlineMs: settings.stopDeadlineMs,
  });
  tally.attach({
    readAheadBytes: () => engines.readAheadBytes,
    leaseRenewals: () => worker.renewals(),
    leaseTable: () => worker.leaseTable,
    hasLooked: () => worker.hasLooked,
    fleet: () => worker.fleet,
    retentionMs: () => retention.retentionMs,
    shardFacts: (shardId) => retention.factsOf(shardId),
  });
  signal.throwIfAborted();
  await worker.start();
  observe({ type: "connector-start", ...facts });
  if (logger !== silentLogger) {
    const summaries = new Loop({
      clock,
      firstDelayMs: SUMMARY_PERIOD_MS,
      delayMs: () => SUMMARY_PERIOD_MS,
      kind: "rate",
      step: () => log.writeSummary(),
      failed: (error) => logger.warn(errorFields(error), "the summary could not be made"),
    });
    closing.add(() => summaries.stop());
  }

  let stopSinceMs: number | undefined;
  const stopWorker = (): Promise<void> => {
    stopSinceMs ??= clock.monotonicNow();
    return worker.stop();
  };
  const onAbort = (): void => void stopWorker();
  const finish = async (): Promise<void> => {
    let failure: Error | undefined;
    try {
      await worker.done;
    } catch (thrown) {
      failure = asError(thrown);
    }
    signal.removeEventListener("abort", onAbort);
    // A thread that was lost while it had no shard failed none of them.
    if (broken.aborted) failure ??= asError(broken.reason);
    // Always, and apart from the `??=`, which would leave everything open after a failure.
    const notClosed = await closing.close(closeLimitMs(clock, settings.stopDeadlineMs, stopSinceMs));
    failure ??= notClosed;
    observe({ type: "connector-stop", ...(failure === undefined ? {} : { error: failure }) });
    feed.end(failure);
    if (failure !== undefined) throw failure;
  };
  const done = finish();
  for (const ending of [signal, broken]) {
    if (ending.aborted) onAbort();
    else ending.addEventListener("abort", onAbort, { once: true });
  }

  const stop = async (): Promise<void> => {
    await stopWorker();
    await done.catch(() => undefined);
  };
  return {
    ownerId,
    done,
    stop,
    progress: () => tally.snapshot(),
    batches: () => batchesFrom(options.pipeline, done),
    [Symbol.asyncDispose]: stop,
    [Symbol.asyncIterator]: () => {
      // Whoever iterates is told of a failure there; `done` need not be looked at as well.
      done.catch(() => undefined);
      return feed.listen();
    },
  };
}

const HOUR_MS = 3_600_000;

const SUMMARY_PERIOD_MS = 60_000;

function leaseTableOf<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  settings: ConnectorSettings,
  logger: Logger,
): { readonly table: LeaseTable; readonly checkEndpoint?: () => Promise<unknown> } {
  const { leaseTable, leases, clock, random, application } = settings;
  if (typeof leaseTable === "object") return { table: leaseTable };
  return ownLeaseTable({
    ...settings.dynamodb,
    tableName: leaseTable,
    application,
    client: options.clients?.dynamodb,
    // A third leaves time to read a lost answer back; more than 10 s helps nobody.
    requestTimeoutMs: Math.min(10_000, Math.ceil(leases.failoverTimeMs / 3)),
    clock,
    random,
    logger,
  });
}
