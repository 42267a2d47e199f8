import type { DeadLetterEmitter } from "./dead-letters.js";
import { BUFFER_OPTIONS, type Buffer, type BufferOptions, RecordBuffer, Thresholds } from "./buffer.js";
import { guardedBuffers } from "./guards/buffer-guard.js";
import type { Emitter } from "./emitter.js";
import { guardedEmitter } from "./guards/emitter-guard.js";
import { KinesisConnectorError } from "./errors.js";
import { allowAll, type Filter } from "./filter.js";
import { guardedLogger, type Logger, silentLogger } from "./logger.js";
import { checkOptions, type OptionNames } from "./known-options.js";
import { wholeNumber } from "./options.js";
import { RETRY_OPTIONS, type Retry, type RetryOptions, retryFrom } from "./retry.js";
import type { Transformer } from "./transformer.js";

/** The fate of a record that cannot be delivered: it goes to the dead letters, or the shard stops before it. */
export type PoisonPolicy = "dead-letter" | "stop";

/** The options of a pipeline that are data. */
export interface PipelinePolicies {
  /** Default: `dead-letter` when `deadLetters` is given, else `stop`. */
  readonly onPoison?: PoisonPolicy;
  readonly retry?: RetryOptions;
  /** Time limit of a transformer or filter that returned a promise, in milliseconds. Default 30,000. */
  readonly transformTimeoutMs?: number;
  /**
   * Records of a page whose functions may be waited for at once, for transformers and filters that look something up and return promises: 200 look-ups of 5 ms
   * take a second one by one, and 30 ms at 50. Their order stays, and a function is called for a record before those of the records before it have
   * settled. Costs nothing where functions return values. Default 1, at most 1,000.
   */
  readonly transformConcurrency?: number;
}

/** The parts of a pipeline, as the user writes them. */
export interface PipelineOptions<Model, Output, Plan, DeadLetterPlan> extends PipelinePolicies {
  /** Makes models of a record for the filter, and of each model that is kept the output for the emitter. */
  readonly transformer: Transformer<Model, NoInfer<Output>>;
  /** Default: keeps everything. */
  readonly filter?: Filter<NoInfer<Model>>;
  /** Three thresholds, or a function that makes an own buffer, called once per shard. */
  readonly buffer?: BufferOptions | (() => Buffer<NoInfer<Output>>);
  /** Writes batches to the destination. */
  readonly emitter: Emitter<Output, Plan>;
  /** Takes the records that cannot be decoded, transformed or written. Default: none, and such a record stops the shard. */
  readonly deadLetters?: DeadLetterEmitter<DeadLetterPlan>;
  /** Default: the connector's, `startConnector({ logger })`; silent where that has none either. */
  readonly logger?: Logger;
}

/** A pipeline, checked and complete: what the engine of a shard works with. */
export interface Pipeline<Model, Output, Plan = undefined, DeadLetterPlan = undefined> {
  readonly transformer: Transformer<Model, Output>;
  readonly filter: Filter<Model>;
  readonly createBuffer: () => Buffer<Output>;
  /** The thresholds of the built-in buffer, for emitters that have a writer; undefined with a buffer of one's own. */
  readonly createThresholds: (() => Thresholds) | undefined;
  readonly emitter: Emitter<Output, Plan>;
  readonly deadLetters: DeadLetterEmitter<DeadLetterPlan> | undefined;
  readonly onPoison: PoisonPolicy;
  readonly retry: Retry;
  readonly transformTimeoutMs: number;
  readonly transformConcurrency: number;
  /** The pipeline's own; undefined for that of whoever runs it. */
  readonly logger: Logger | undefined;
}

/** A pipeline that runs, with a logger from whoever had one. */
export interface RunningPipeline<Model, Output, Plan, DeadLetterPlan> extends Pipeline<
  Model,
  Output,
  Plan,
  DeadLetterPlan
> {
  readonly logger: Logger;
}

/** The pipeline with its own logger, or with that of whoever runs it, or with a silent one. */
export function runningPipeline<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  logger: Logger | undefined,
): RunningPipeline<Model, Output, Plan, DeadLetterPlan> {
  return { ...pipeline, logger: guardedLogger("logger", pipeline.logger ?? logger ?? silentLogger) };
}

/**
 * Puts a pipeline together: transformer, filter, buffer, emitter. The types are checked end to end, so a transformer whose output
 * the emitter cannot write fails where it is written.
 *
 * @example
 * ```ts
 * const archive = definePipeline({
 *   transformer: json<Click>().original(),
 *   filter: (click) => click.country !== "XX",
 *   buffer: { maxRecords: 100_000, maxBytes: 64 * MiB, maxAgeMs: 60_000 },
 *   emitter: s3Emitter({ bucket: "clicks", prefix: "archive", format: ndjson(), compression: gzip() }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function definePipeline<Model, Output, Plan = undefined, DeadLetterPlan = undefined>(
  options: PipelineOptions<Model, Output, Plan, DeadLetterPlan>,
): Pipeline<Model, Output, Plan, DeadLetterPlan> {
  checkOptions("definePipeline", options, NAMES);
  const { transformer, filter = allowAll, buffer = {}, emitter, deadLetters, logger } = options;
  requireFunction("transformer.toModel", transformer?.toModel);
  requireFunction("transformer.fromModel", transformer.fromModel);
  requireFunction("filter", filter);
  const ownEmitter = guardedEmitter("emitter", emitter);
  const ownDeadLetters = deadLetters === undefined ? undefined : guardedEmitter("deadLetters", deadLetters);
  const onPoison = options.onPoison ?? (deadLetters === undefined ? "stop" : "dead-letter");
  if (onPoison !== "stop" && onPoison !== "dead-letter") {
    throw new KinesisConnectorError("KC_OPTION_INVALID", 'onPoison must be "dead-letter" or "stop"');
  }
  if (onPoison === "dead-letter" && deadLetters === undefined) {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      'onPoison is "dead-letter", but deadLetters names no emitter for them: give one, or set onPoison to "stop"',
    );
  }
  // An emitter that aims at a size of its own is not cut short by caps that nobody chose; the worker's memory stays bounded by its budget.
  const uncapped =
    emitter.batching?.targetBytes === undefined
      ? {}
      : { maxRecords: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
  const thresholds = typeof buffer === "function" ? undefined : { ...uncapped, ...buffer };
  const createBuffer =
    typeof buffer === "function" ? guardedBuffers(buffer) : () => new RecordBuffer<Output>(thresholds);
  // Made once here so that a bad threshold fails when the pipeline is defined and not when the first shard starts.
  createBuffer();
  return {
    transformer,
    filter,
    createBuffer,
    createThresholds: thresholds === undefined ? undefined : () => new Thresholds(thresholds),
    emitter: ownEmitter,
    deadLetters: ownDeadLetters,
    onPoison,
    retry: retryFrom(options.retry),
    transformTimeoutMs: wholeNumber("transformTimeoutMs", options.transformTimeoutMs ?? 30_000, { min: 1 }),
    transformConcurrency: wholeNumber("transformConcurrency", options.transformConcurrency ?? 1, {
      min: 1,
      max: 1000,
    }),
    logger: logger === undefined ? undefined : guardedLogger("logger", logger),
  };
}

const NAMES: OptionNames<PipelineOptions<unknown, unknown, unknown, unknown>> = {
  transformer: "required",
  filter: true,
  buffer: BUFFER_OPTIONS,
  emitter: true,
  deadLetters: true,
  onPoison: true,
  retry: RETRY_OPTIONS,
  transformTimeoutMs: true,
  transformConcurrency: true,
  logger: true,
};

function requireFunction(option: string, value: unknown): void {
  if (typeof value !== "function") {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `${option} must be a function, but is ${value === null ? "null" : typeof value}`,
    );
  }
}
