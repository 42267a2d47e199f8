import { setTimeout as pause } from "node:timers/promises";
import { type Connector, memoryLeases, startConnector } from "@kinesis-connectors/consumer";
import { silentLogger } from "@kinesis-connectors/core";
import { CliError } from "../../app/errors.js";
import { streamName } from "../server/pages.js";
import { loadPipeline } from "./load-pipeline.js";
import { Meter } from "./meter.js";
import { probe } from "./probe.js";
import { profiled } from "./profile.js";
import type { Job, Probe, Profile, Said } from "./protocol.js";
import { refused } from "./refused.js";
import { busyShardsOf, pageOf } from "./shape.js";
import { isStoodIn, upTo } from "./stages.js";

const PROBE_SHARE = 0.15;
const WARM_UP_SHARE = 0.35;
const PROFILE_SHARE = 0.15;
/** So long is waited for pages that do not come: something is wrong then. */
const MOST_WAIT_MS = 60_000;
const LOOK_MS = 10;

/**
 * Runs a stage: the connector with its reader, its requests and its engine, and as much of the pipeline as the stage says.
 * @param ready called when the pipeline is loaded and has passed its first records
 * @throws what the pipeline cannot be loaded for, and what stopped the connector
 */
export async function measureStage(job: Job, ready: () => void): Promise<Said> {
  const { stage, budgetMs } = job;
  const pipeline = await loadPipeline(job.pipeline);
  const sample = job.sample.map(({ partitionKey, data }) => ({
    partitionKey,
    data: Buffer.from(data, "base64"),
  }));
  const probed = await probe(pipeline, sample, budgetMs * PROBE_SHARE);
  requireSome(probed);
  ready();
  const shards = job.shards ?? busyShardsOf(probed);
  const perPage = stage === "idle" ? 0 : (job.perPage ?? pageOf(probed));
  const meter = new Meter();
  let emitError: string | undefined;
  const connector = await startConnector({
    application: "estimate",
    stream: streamName({ shards, perPage }),
    pipeline: upTo(stage, pipeline, (name) => (emitError ??= name)),
    region: "us-east-1",
    endpoints: { kinesis: job.kinesis },
    wireFormat: "cbor",
    leaseTable: memoryLeases().connect(),
    leases: { bootstrapJitterMs: 0 },
    // A reader that has to ask anew is given other records: the server keeps no places.
    onRetentionGap: "continue",
    logger: silentLogger,
    observe: meter.observe,
    stopDeadlineMs: 1,
  });
  const passing = (ms: number): Promise<void> => Promise.race([pause(ms), ended(connector)]);
  /** Looks until something holds, up to a time. */
  const until = async (holds: () => boolean, limitMs: number): Promise<void> => {
    const endMs = performance.now() + limitMs;
    while (!holds() && performance.now() < endMs) await passing(LOOK_MS);
  };
  const hasPages = (): boolean => meter.polls >= shards;
  await until(hasPages, MOST_WAIT_MS);
  await passing(budgetMs * WARM_UP_SHARE);
  meter.open();
  const profileMs = job.isProfiled ? budgetMs * PROFILE_SHARE : 0;
  await passing(budgetMs * (1 - WARM_UP_SHARE) - profileMs);
  // A busy machine, a slow pipeline and large batches take longer than what they were given.
  await until(hasPages, MOST_WAIT_MS);
  if (!hasPages())
    throw new CliError(
      "KC_FAILED",
      `the pipeline passed no page of ${perPage} records in ${MOST_WAIT_MS / 1000} s`,
    );
  if (stage === "whole") await until(() => meter.batches > 0, budgetMs);
  const figures = meter.figures({
    shards,
    perPage,
    maxReadAheadBytes: connector.progress().maxReadAheadBytes,
  });
  let profile: Profile | undefined;
  if (job.isProfiled) profile = await profiled(profileMs, passing);
  return {
    figures,
    described: {
      probe: probed,
      hasWriter: pipeline.emitter.createWriter !== undefined,
      isStoodIn: isStoodIn(pipeline.emitter),
      stopsAtPoison: pipeline.onPoison === "stop",
    },
    profile,
    emitError,
    refused: [...refused],
  };
}

/** @throws CliError `KC_FAILED` where the pipeline takes none of the records: what it costs to refuse them helps nobody */
function requireSome({ records, failed, error }: Probe): void {
  if (records === 0 || failed < records) return;
  const why =
    refused.size === 0
      ? "is --format what the file has, and the transformer for such records?"
      : `it asks ${[...refused].join(", ")}, and an estimate asks nobody; --allow HOST:PORT lets it`;
  throw new CliError("KC_FAILED", `none of ${records} records could be transformed (${error}): ${why}`);
}

/** A connector that is measured has no end: where it comes to one, it failed. */
async function ended(connector: Connector): Promise<void> {
  await connector.done;
  throw new Error("the connector came to its end while it was measured");
}
