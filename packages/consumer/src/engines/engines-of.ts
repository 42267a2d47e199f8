import { type Clock, type Logger, type Pipeline, type Random, silentLogger } from "@kinesis-connectors/core";

import { EnginesHere } from "./engines-here.js";
import type { KinesisClientOptions } from "../kinesis/clients/kinesis-clients.js";
import type { StreamName } from "../kinesis/sdk-kinesis.js";
import type { FanOut } from "../reading/fan-out-consumer.js";
import type { Polling } from "../reading/polling-reader.js";
import type { LeaseSettings } from "../worker/lease-settings.js";
import type { WorkerEvent } from "../worker/worker-events.js";
import { type AnyPipeline, isModule, loadPipeline, type PipelineModule } from "./pipeline-module.js";
import type { ShardEngines } from "./shard-engines.js";

/** Settings that the engines of a connector need. */
export interface EngineSettings {
  readonly application: string;
  /** Where the pipeline is, when it has to be imported. */
  readonly module: URL | undefined;
  /** How many threads run it; undefined for this one. */
  readonly threads: number | undefined;
  /** For logs and errors: the name, also when an ARN was given. */
  readonly streamName: string;
  readonly streamTarget: StreamName;
  readonly retrieval: Polling | FanOut;
  readonly kinesis: KinesisClientOptions;
  readonly leases: Pick<LeaseSettings, "failoverTimeMs">;
  /** Where the range of time ends that is read, in epoch milliseconds; undefined where it has no end. */
  readonly untilMs: number | undefined;
  readonly maxReadAheadBytes: number;
  readonly onRetentionGap: "stop" | "continue";
  /** The caller's; undefined for the pipeline's. */
  readonly logger: Logger | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** Listeners to the threads of a connector. */
export interface ThreadWatchers {
  /** A thread's client goes from AWS-CBOR to JSON. */
  readonly onWireFallback: () => void;
  readonly observe: (event: WorkerEvent) => void;
}

/**
 * The engines that the options ask for, not opened yet. Without threads a pipeline that is a module is imported here.
 * @throws what importing the module ends with
 */
export async function enginesOf<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan> | PipelineModule,
  settings: EngineSettings,
  watchers: ThreadWatchers,
): Promise<ShardEngines> {
  const { module, threads } = settings;
  if (module !== undefined && threads !== undefined)
    return await threadPool(settings, module, threads, watchers);
  if (!isModule(pipeline)) return enginesHere(settings, pipeline);
  const loaded: AnyPipeline = await loadPipeline(module ?? new URL(pipeline));
  return enginesHere(settings, loaded);
}

function enginesHere<Model, Output, Plan, DeadLetterPlan>(
  settings: EngineSettings,
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
): ShardEngines {
  const {
    streamName: stream,
    application,
    retrieval,
    untilMs,
    maxReadAheadBytes,
    onRetentionGap,
    clock,
    random,
  } = settings;
  return new EnginesHere({
    pipeline,
    application,
    stream,
    retrieval,
    untilMs,
    maxReadAheadBytes,
    onRetentionGap,
    clock,
    random,
    logger: settings.logger ?? pipeline.logger ?? silentLogger,
  });
}

async function threadPool(
  settings: EngineSettings,
  module: URL,
  threads: number,
  { onWireFallback, observe }: ThreadWatchers,
): Promise<ShardEngines> {
  // Few connectors have threads: the others do not load them.
  const { ThreadPool } = await import("./threads/thread-pool.js");
  const { streamName: stream, application, streamTarget, kinesis, retrieval, onRetentionGap } = settings;
  const { untilMs, maxReadAheadBytes, leases, clock, logger } = settings;
  const { region, endpoint, allowInsecure = false, proxy, wireFormat, credentials } = kinesis;
  const pool = new ThreadPool({
    threads,
    setup: {
      module: module.href,
      application,
      stream,
      streamTarget,
      retrieval,
      region,
      endpoint,
      allowInsecure,
      proxy,
      wireFormat,
      asksForCredentials: credentials !== undefined,
      onRetentionGap,
      untilMs,
    },
    maxReadAheadBytes,
    failoverTimeMs: leases.failoverTimeMs,
    clock,
    logger,
    onWireFallback,
    onBlocked: (lateMs, thread) => {
      observe({ type: "event-loop-blocked", lateMs, thread });
      pool.logger.warn(
        { lateMs, thread },
        "event-loop-blocked: a thread does not get to its messages, and its shards stand still; look for a transform that takes so long",
      );
    },
  });
  return pool;
}
