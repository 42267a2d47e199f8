import { checkOptions, invalidOption, type OptionNames, type Pipeline } from "@kinesis-connectors/core";
import { leavingDeadLetters } from "./dead-letters-that-stay.js";
import { type Replay, startRun } from "./replay-run.js";
import { RUN_OPTIONS, type ReplayRunOptions } from "./run-options.js";
import { runSettings } from "./run-settings.js";
import type { ReplaySource } from "./sources/source.js";

/** Options of `startReplay`. */
export interface ReplayOptions<
  Model,
  Output,
  Plan = undefined,
  DeadLetterPlan = undefined,
> extends ReplayRunOptions {
  /** What the records run through, as `definePipeline` returned it: that of the live connector, or another one. */
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  /** `streamRange({ ... })`, `s3Archive({ ... })` or `deadLetters({ ... })`. */
  readonly source: ReplaySource;
  /**
   * Says that the pipeline writes to another place than the live connector, or that twice is what is wanted. Default: the emitters are asked, and a replay that
   * would double live records is refused. Dead letters were never delivered, and nobody is asked about them.
   */
  readonly into?: "other";
}

const NAMES: OptionNames<ReplayOptions<unknown, unknown>> = {
  ...RUN_OPTIONS,
  pipeline: "required",
  source: "required",
  into: true,
};

/**
 * Runs records once more through a pipeline, beside the live connector and apart from it: a range of time of a stream, an archive on S3, or dead letters.
 * It is an application of its own, with rows of its own, that ends by itself; killed and started again it goes on, and each record lands once. Resolves once
 * source, table and destination have been found usable.
 *
 * @example
 * ```ts
 * const replay = await startReplay({
 *   application: "clicks-2026-11",
 *   pipeline: clicks,
 *   source: streamRange({ stream: "clicks", from, until }),
 *   leaseTable: fileLeases({ folder: "replay-rows" }),
 * });
 * const { recordsEmitted } = await replay.done;
 * ```
 * @throws KinesisConnectorError `KC_STEERING_REFUSED` when live records would be at the destination twice, with what to say; `KC_OPTION_INVALID`,
 * `KC_RETENTION_GAP`, `KC_STREAM_MISSING`, `KC_READ_REFUSED`, `KC_LEASE_TABLE`, or what an emitter's `open` throws; the reason of `signal`
 */
export async function startReplay<Model, Output, Plan = undefined, DeadLetterPlan = undefined>(
  options: ReplayOptions<Model, Output, Plan, DeadLetterPlan>,
): Promise<Replay> {
  checkOptions("startReplay", options, NAMES);
  const { pipeline, source, into } = options;
  if (typeof pipeline?.createBuffer !== "function")
    throw invalidOption("pipeline must be what definePipeline({ ... }) returns");
  if (typeof source?.open !== "function")
    throw invalidOption("source must be streamRange({ ... }), s3Archive({ ... }) or deadLetters({ ... })");
  if (into !== undefined && into !== "other") throw invalidOption('into must be "other", or left out');
  const settings = runSettings(options, pipeline.logger);
  // What fails once more stays where it is: nothing of it is written anywhere else.
  if (source.type === "dead-letters")
    return await startRun({ ...settings, pipeline: leavingDeadLetters(pipeline), source, mayDouble: true });
  return await startRun({ ...settings, pipeline, source, mayDouble: into === "other" });
}
