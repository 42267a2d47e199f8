import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { bytes, definePipeline } from "@kinesis-connectors/core";
import { emf, metricsTally, openTelemetry, prometheusText } from "@kinesis-connectors/telemetry";
import { lines } from "../data/expected.js";
import { linesEmitter } from "../pipelines/lines-emitter.js";
import { connect } from "../rows/connect.js";
import { type Job, REQUESTS_WARM_UP_MS, type Variant } from "../rows/variant.js";

/** How often everybody asks: each far more often than is usual (15 s to a minute), so that it falls into every window. */
const PERIOD_MS = 1_000;

async function withTelemetry(job: Job): Promise<void> {
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
  const emitter = linesEmitter<Uint8Array>(job.meter);
  const pipeline = definePipeline({ transformer: bytes(), emitter });
  await connect(job, pipeline, {
    observe: metrics.observe,
    started: (connector) => metrics.attach(connector),
  });
  clearInterval(scrape);
  for (const outlet of outlets) outlet.close();
  await meterProvider.shutdown();
  if (written === 0) throw new Error("nobody asked: nothing can be said of the cost");
}

/** Held against the row `pass-through`, which counts nothing. */
export const variants: readonly Variant[] = [
  {
    name: "telemetry",
    label: "connector: pass-through, Prometheus, OpenTelemetry and EMF asked each second",
    section: "reading",
    kind: "ours",
    unit: "record",
    sets: ["varied"],
    transports: ["clear"],
    // Everybody has asked a few times before: what is compiled for the first question is paid once in the life of a process.
    warmUpCpuMs: REQUESTS_WARM_UP_MS,
    expected: lines,
    run: withTelemetry,
  },
];
