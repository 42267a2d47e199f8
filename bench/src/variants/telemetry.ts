import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter } from "@opentelemetry/sdk-trace-base";
import { bytes, definePipeline } from "@kinesis-connectors/core";
import { emf, metricsTally, openTelemetry, prometheusText, traced } from "@kinesis-connectors/telemetry";
import { lines } from "../data/expected.js";
import { linesEmitter } from "../pipelines/lines-emitter.js";
import { connect } from "../rows/connect.js";
import type { Job, Variant } from "../rows/variant.js";

/** How often everybody asks: each far more often than is usual (15 s to a minute), so that it falls into every window. */
const PERIOD_MS = 1_000;

const COMMON: Pick<Variant, "kind" | "unit" | "sets" | "transports" | "expected"> = {
  kind: "ours",
  unit: "record",
  sets: ["200b"],
  transports: ["clear"],
  expected: lines,
};

const off: Variant = {
  ...COMMON,
  name: "telemetry-off",
  label: "connector: pass-through, nothing counted",
  run: (job) =>
    connect(job, definePipeline({ transformer: bytes(), emitter: linesEmitter<Uint8Array>(job.meter) })),
};

const on: Variant = {
  ...COMMON,
  name: "telemetry-on",
  label: "connector: the same, Prometheus, OpenTelemetry and EMF asked each second",
  run: (job) => withTelemetry(job, false),
};

const all: Variant = {
  ...COMMON,
  name: "telemetry-traced",
  label: "connector: the same, and each batch a trace",
  run: (job) => withTelemetry(job, true),
};

async function withTelemetry(job: Job, isTraced: boolean): Promise<void> {
  const metrics = metricsTally({ application: "bench" });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: PERIOD_MS });
  const meterProvider = new MeterProvider({ readers: [reader] });
  let written = 0;
  const outlets = [
    openTelemetry(metrics, { meterProvider }),
    emf(metrics, { names: "kcl", periodMs: PERIOD_MS, write: (text) => void (written += text.length) }),
  ];
  const scrape = setInterval(() => {
    written += prometheusText(metrics).length;
    exporter.reset();
  }, PERIOD_MS);
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new BatchSpanProcessor(new InMemorySpanExporter())],
  });
  if (isTraced) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const emitter = linesEmitter<Uint8Array>(job.meter);
  const pipeline = definePipeline({
    transformer: bytes(),
    emitter: isTraced ? traced(emitter, { tracerProvider }) : emitter,
  });
  await connect(job, pipeline, {
    observe: metrics.observe,
    started: (connector) => metrics.attach(connector),
  });
  clearInterval(scrape);
  for (const outlet of outlets) outlet.close();
  await meterProvider.shutdown();
  await tracerProvider.shutdown();
  if (written === 0) throw new Error("nobody asked: nothing can be said of the cost");
}

export const telemetry: readonly Variant[] = [off, on, all];
