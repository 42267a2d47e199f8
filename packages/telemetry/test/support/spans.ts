import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { S3Client } from "@aws-sdk/client-s3";

/** An SDK of OpenTelemetry that keeps its spans, set up for the process until it is disposed. */
export interface Spans extends Disposable {
  readonly provider: BasicTracerProvider;
  /** Those that have ended. */
  readonly ended: () => readonly ReadableSpan[];
  readonly named: (name: string) => readonly ReadableSpan[];
  readonly childrenOf: (span: ReadableSpan) => readonly ReadableSpan[];
}

export function startSpans(): Spans {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  trace.setGlobalTracerProvider(provider);
  const ended = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
  return {
    provider,
    ended,
    named: (name) => ended().filter((span) => span.name === name),
    childrenOf: (parent) =>
      ended().filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent.spanContext().spanId),
    [Symbol.dispose]: () => {
      context.disable();
      trace.disable();
      manager.disable();
    },
  };
}

/** Makes a client's commands spans, where they are sent: in whatever context is active, as `@opentelemetry/instrumentation-aws-sdk` does. */
export function instrument(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        trace
          .getTracer("aws-sdk")
          .startActiveSpan(`S3.${commandName?.replace(/Command$/, "")}`, async (span) => {
            try {
              return await next(args);
            } finally {
              span.end();
            }
          }),
    { step: "initialize" },
  );
}
