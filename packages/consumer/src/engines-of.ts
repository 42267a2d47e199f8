import { type Pipeline, silentLogger } from "@kinesis-connectors/core";

import { EnginesHere } from "./engines-here.js";
import type { ConnectorEvent } from "./events.js";
import type { ConnectorOptions, ConnectorSettings } from "./options.js";
import { type AnyPipeline, isModule, loadPipeline } from "./pipeline-module.js";
import type { ShardEngines } from "./shard-engines.js";
import { ThreadPool } from "./threads/thread-pool.js";

/**
 * The engines that the options ask for, not opened yet. Without threads a pipeline that is a module is imported here.
 * @throws what importing the module ends with
 */
export async function enginesOf<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  settings: ConnectorSettings,
  observe: (event: ConnectorEvent) => void,
): Promise<ShardEngines> {
  const { module, threads } = settings;
  if (module !== undefined && threads !== undefined) return threadPool(settings, module, threads, observe);
  const { pipeline } = options;
  if (!isModule(pipeline)) return enginesHere(settings, pipeline);
  const loaded: AnyPipeline = await loadPipeline(module ?? new URL(pipeline));
  return enginesHere(settings, loaded);
}

function enginesHere<Model, Output, Plan, DeadLetterPlan>(
  settings: ConnectorSettings,
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
): ShardEngines {
  const {
    streamName: stream,
    application,
    retrieval,
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
    maxReadAheadBytes,
    onRetentionGap,
    clock,
    random,
    logger: settings.logger ?? pipeline.logger ?? silentLogger,
  });
}

function threadPool(
  settings: ConnectorSettings,
  module: URL,
  threads: number,
  observe: (event: ConnectorEvent) => void,
): ShardEngines {
  const { streamName: stream, application, streamTarget, kinesis, retrieval, onRetentionGap } = settings;
  const { maxReadAheadBytes, stopDeadlineMs, leases, clock, logger } = settings;
  const { region, endpoint, allowInsecure = false, wireFormat, credentials } = kinesis;
  const pool: ThreadPool = new ThreadPool({
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
      wireFormat,
      asksForCredentials: credentials !== undefined,
      onRetentionGap,
    },
    maxReadAheadBytes,
    stopDeadlineMs,
    failoverTimeMs: leases.failoverTimeMs,
    clock,
    logger,
    onWireFallback: () => observe({ type: "wire-fallback", wireFormat: "json" }),
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
