import {
  asError,
  checkOptions,
  type Emitter,
  hasCode,
  invalidOption,
  type KinesisRecord,
  type OptionNames,
} from "@kinesis-connectors/core";
import type { Tracer } from "@opentelemetry/api";

import { loadApi } from "../otel-api.js";
import { version } from "../version.js";
import type { Tracing } from "./batch-trace.js";
import { OpenTraces } from "./open-traces.js";
import { receiveSpans } from "./receive.js";
import { tracedLogger } from "./traced-logger.js";
import { type EncodedLinks, tracedWriter } from "./traced-writer.js";

/** A `TracerProvider` of OpenTelemetry; named by what is used of it, so that these types need no OpenTelemetry. */
export interface TracerProviderLike {
  readonly getTracer: (name: string, version?: string) => object;
}

/** Options of `traced`. */
export interface TracedOptions {
  /** Default: the one that is registered globally. */
  readonly tracerProvider?: TracerProviderLike;
  /**
   * The W3C `traceparent` that a record came with, where its producer put one into it: Kinesis has no headers. Called for each record that is kept, so it should be
   * quick. The span of a batch links to at most 128 of them, evenly spread. Default: no links.
   */
  readonly traceparentOf?: (record: KinesisRecord) => string | undefined;
  /** Whether each page read is a span too: up to five per second and shard. Not within worker threads. Default false. */
  readonly read?: boolean;
}

const NAMES: OptionNames<TracedOptions> = { tracerProvider: true, traceparentOf: true, read: true };

/**
 * An emitter whose batches are traces, through the API of OpenTelemetry alone. One batch is one trace: `process <stream>` from its first record to its commit, and
 * below it `prepare`, `emit` and `commit`, each active while it runs, so that the spans of an instrumented AWS SDK hang below them. No span is made per record.
 * The emitter writes what it wrote before.
 *
 * @example
 * ```ts
 * const emitter = traced(s3Emitter<Click>({ bucket: "clicks", format: ndjson() }));
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, also when `@opentelemetry/api` is not installed
 */
export function traced<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  options: TracedOptions = {},
): Emitter<Output, Plan> {
  checkOptions("traced", options, NAMES);
  const { tracerProvider, traceparentOf, read = false } = options;
  if (typeof emitter?.emit !== "function")
    throw invalidOption("traced() takes an emitter, such as s3Emitter(...)");
  if (traceparentOf !== undefined && typeof traceparentOf !== "function")
    throw invalidOption("traceparentOf must be a function");
  if (tracerProvider !== undefined && typeof tracerProvider.getTracer !== "function")
    throw invalidOption("tracerProvider must be a TracerProvider of OpenTelemetry");
  const api = loadApi("traced()");
  const provider = tracerProvider ?? api.trace;
  const tracer = provider.getTracer("@kinesis-connectors/telemetry", version) as Tracer;
  const tracing: Tracing = { api, tracer };
  const encodedLinks: EncodedLinks = new WeakMap();
  const traces = new OpenTraces(tracing, traceparentOf, encodedLinks);
  const { createWriter, around } = emitter;
  let stopReceiving: (() => void) | undefined;

  return {
    ...passedOn(emitter),
    ...(createWriter === undefined
      ? {}
      : {
          createWriter: (context) => {
            const writer = createWriter.call(emitter, context);
            return traceparentOf === undefined ? writer : tracedWriter(writer, traceparentOf, encodedLinks);
          },
        }),
    emit: async (batch, context) => {
      const trace = traces.begin(batch);
      try {
        const { failed, ...result } = await trace.emit(context.inherited, (span) =>
          emitter.emit(batch, { ...context, logger: tracedLogger(context.logger, span) }),
        );
        const again = failed.find(({ action }) => action === "retry");
        if (again === undefined) trace.emitted();
        else trace.retry(context.attempt, again.error);
        return { ...result, failed };
      } catch (thrown) {
        const error = asError(thrown);
        if (context.signal.aborted || isFinal(error)) {
          trace.end(error);
          traces.forget(batch);
        } else trace.retry(context.attempt, error);
        throw thrown;
      }
    },
    around: async (step, batch, run) => {
      const inner = around === undefined ? run : () => around.call(emitter, step, batch, run);
      // A commit without a trace is that of a batch without outputs, or one that an earlier owner had written.
      const trace = step === "prepare" ? traces.begin(batch) : traces.find(batch);
      if (trace === undefined) {
        await inner();
        return;
      }
      try {
        await trace.step(step, inner);
      } catch (thrown) {
        traces.forget(batch);
        throw thrown;
      }
      if (step === "commit") traces.forget(batch);
    },
    open: async (context) => {
      await emitter.open?.(context);
      if (read) stopReceiving ??= receiveSpans(tracing, (source) => traces.knows(source));
    },
    close: async () => {
      stopReceiving?.();
      stopReceiving = undefined;
      traces.leave();
      await emitter.close?.();
    },
  };
}

/** What the emitter says and does beside writing, as its own. */
function passedOn<Output, Plan>(
  emitter: Emitter<Output, Plan>,
): Pick<
  Emitter<Output, Plan>,
  | "capabilities"
  | "sizeOf"
  | "batching"
  | "plan"
  | "objectCount"
  | "spill"
  | "planWithout"
  | "isWritten"
  | "wouldDouble"
> {
  const { capabilities, sizeOf, batching, plan, objectCount, spill, planWithout, isWritten, wouldDouble } =
    emitter;
  return {
    capabilities,
    ...(sizeOf === undefined ? {} : { sizeOf: sizeOf.bind(emitter) }),
    ...(batching === undefined ? {} : { batching }),
    ...(plan === undefined ? {} : { plan: plan.bind(emitter) }),
    ...(objectCount === undefined ? {} : { objectCount: objectCount.bind(emitter) }),
    ...(spill === undefined ? {} : { spill }),
    ...(planWithout === undefined ? {} : { planWithout: planWithout.bind(emitter) }),
    ...(isWritten === undefined ? {} : { isWritten: isWritten.bind(emitter) }),
    ...(wouldDouble === undefined ? {} : { wouldDouble: wouldDouble.bind(emitter) }),
  };
}

/** What stops the shard at once; everything else is tried again (`Emitter`). */
function isFinal(error: Error): boolean {
  return (
    hasCode(error, "KC_EMIT_REFUSED") ||
    hasCode(error, "KC_PLACE_TAKEN") ||
    hasCode(error, "KC_EMITTER_BROKEN") ||
    hasCode(error, "KC_REPLAY_DIFFERS") ||
    hasCode(error, "KC_OPTION_INVALID")
  );
}
