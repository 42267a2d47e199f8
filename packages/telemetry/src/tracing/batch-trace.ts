import {
  asError,
  type Batch,
  type BatchStep,
  errorFields,
  outputCountOf,
  type PlannedRange,
} from "@kinesis-connectors/core";
import type { Context, Link, Span, SpanContext, Tracer } from "@opentelemetry/api";

import { errorType } from "../counting/labelled.js";
import type { OpenTelemetryApi } from "../otel-api.js";

/** What spans are made with. */
export interface Tracing {
  readonly api: OpenTelemetryApi;
  readonly tracer: Tracer;
}

/** The trace of one batch: `process` from its first record to its commit, and below it `prepare`, `emit` and `commit`, one after another. */
export class BatchTrace {
  readonly batchId: string;
  readonly #tracing: Tracing;
  readonly #stream: string;
  readonly #process: Span;
  readonly #context: Context;
  #emit: Span | undefined;
  /** What the last try failed with. */
  #failure: Error | undefined;

  constructor(tracing: Tracing, batch: Batch<unknown> | PlannedRange, links: Link[]) {
    const { api, tracer } = tracing;
    this.#tracing = tracing;
    this.batchId = batch.batchId;
    this.#stream = batch.stream;
    const whole = "entries" in batch ? batch : undefined;
    this.#process = tracer.startSpan(
      `process ${batch.stream}`,
      {
        kind: api.SpanKind.CONSUMER,
        // A trace of its own, whatever is active where the engine runs.
        root: true,
        links,
        ...(whole?.openedMs === undefined ? {} : { startTime: new Date(whole.openedMs) }),
        attributes: {
          ...messagingAttributes(batch, "process"),
          "messaging.batch.message_count": batch.recordCount,
          "kinesis_connectors.batch.id": batch.batchId,
          ...(whole === undefined
            ? {}
            : {
                "kinesis_connectors.batch.outputs": outputCountOf(whole),
                "kinesis_connectors.flush.reason": whole.reason,
              }),
        },
      },
      api.ROOT_CONTEXT,
    );
    this.#context = api.trace.setSpan(api.ROOT_CONTEXT, this.#process);
  }

  /** A step of the engine, as a span that is active while it runs. */
  async step(step: BatchStep, run: () => Promise<void>): Promise<void> {
    const { api, tracer } = this.#tracing;
    this.#endEmit();
    const span = tracer.startSpan(step, { kind: api.SpanKind.INTERNAL }, this.#context);
    try {
      await api.context.with(api.trace.setSpan(this.#context, span), run);
    } catch (thrown) {
      const error = asError(thrown);
      this.#fail(span, error);
      span.end();
      this.end(error);
      throw thrown;
    }
    span.end();
    if (step === "commit") this.end(undefined);
  }

  /** One try to write the batch. All tries are one span, which is active during each of them. */
  async emit<Result>(inherited: boolean, run: (of: SpanContext) => Promise<Result>): Promise<Result> {
    const { api, tracer } = this.#tracing;
    if (this.#emit === undefined) {
      this.#process.setAttribute("kinesis_connectors.batch.inherited", inherited);
      const attributes = { "messaging.destination.name": this.#stream };
      this.#emit = tracer.startSpan("emit", { kind: api.SpanKind.CLIENT, attributes }, this.#context);
    }
    const span = this.#emit;
    return api.context.with(api.trace.setSpan(this.#context, span), () => run(span.spanContext()));
  }

  /** Everything is written, or refused for good. */
  emitted(): void {
    this.#failure = undefined;
    this.#endEmit();
  }

  /** A try did not write everything; it is made again, unless the engine has tried often enough. */
  retry(attempt: number, error: Error): void {
    this.#failure = error;
    this.#emit?.addEvent("retry", {
      "error.type": errorType(error),
      "kinesis_connectors.attempt": attempt,
    });
  }

  /** With what nothing more will come of the batch here; undefined after its commit. Called a second time it does nothing. */
  end(error: Error | undefined): void {
    if (error !== undefined) {
      if (this.#emit !== undefined) this.#fail(this.#emit, error);
      this.#fail(this.#process, error);
    }
    this.#endEmit();
    this.#process.end();
  }

  /** The batch is left as it is: the shard was lost, or stopped after its last try failed. The next owner finishes it. */
  leave(): void {
    this.end(this.#failure ?? new Error("left for the next owner"));
  }

  #endEmit(): void {
    this.#emit?.end();
    this.#emit = undefined;
  }

  /** The code or name alone: a message may quote what it is about. */
  #fail(span: Span, error: Error): void {
    span.setAttribute("error.type", error.name === "Error" ? "_OTHER" : errorType(error));
    span.setStatus({ code: this.#tracing.api.SpanStatusCode.ERROR, message: errorFields(error).error });
  }
}

/** Attributes of messaging (semconv 1.45, "Messaging attributes"), for what happens to records of a shard. */
export function messagingAttributes(
  of: { readonly stream: string; readonly shardId: string; readonly application: string },
  operation: "process" | "receive",
): Readonly<Record<string, string>> {
  return {
    "messaging.system": "aws_kinesis",
    "messaging.operation.type": operation,
    "messaging.operation.name": operation,
    "messaging.destination.name": of.stream,
    "messaging.destination.partition.id": of.shardId,
    "messaging.consumer.group.name": of.application,
  };
}
