import { checkOptions, invalidOption, type OptionNames } from "@kinesis-connectors/core";
import type { Histogram, MetricOptions, Meter, Observable, ObservableResult } from "@opentelemetry/api";

import { measure, MEASURED } from "./measurements.js";
import { type MetricDefinition, NAMESPACE } from "./metrics/definition.js";
import { METRICS } from "./metrics/metrics.js";
import { loadApi } from "./otel-api.js";
import type { Outlet } from "./outlet.js";
import type { Metrics } from "./metrics-tally.js";
import { version } from "./version.js";

/** A `MeterProvider` of OpenTelemetry; named by what is used of it, so that these types need no OpenTelemetry. */
export interface MeterProviderLike {
  readonly getMeter: (name: string, version?: string) => object;
}

/** Options of `openTelemetry`. */
export interface OpenTelemetryOptions {
  /** Default: the one registered globally when `openTelemetry` is called; without one nothing is recorded, as everywhere in OpenTelemetry. */
  readonly meterProvider?: MeterProviderLike;
}

const NAMES: OptionNames<OpenTelemetryOptions> = { meterProvider: true };

/**
 * Gives metrics to OpenTelemetry, through its API alone: SDK and exporter are yours, set up before this. Counters and gauges are observable instruments, read
 * when the SDK collects; histograms are recorded as values come, from this call on: call it before `startConnector`.
 *
 * @example
 * ```ts
 * const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
 * const outlet = openTelemetry(metrics, { meterProvider: provider });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when `@opentelemetry/api` is not installed
 */
export function openTelemetry(metrics: Metrics, options: OpenTelemetryOptions = {}): Outlet {
  checkOptions("openTelemetry", options, NAMES);
  const { meterProvider } = options;
  if (meterProvider !== undefined && typeof meterProvider.getMeter !== "function")
    throw invalidOption("meterProvider must be a MeterProvider of OpenTelemetry");
  const api = loadApi("openTelemetry()");
  const provider = meterProvider ?? api.metrics.getMeterProvider();
  const meter = provider.getMeter("@kinesis-connectors/telemetry", version) as Meter;

  const observed = new Map<MetricDefinition, Observable>();
  const histograms = new Map<string, Histogram>();
  for (const definition of METRICS) {
    if (MEASURED.includes(definition.name))
      histograms.set(definition.name, meter.createHistogram(fullName(definition), described(definition)));
    else observed.set(definition, observable(meter, definition));
  }
  const instruments = [...observed.values()];
  const observe = (result: {
    readonly observe: (instrument: Observable, ...rest: Parameters<ObservableResult["observe"]>) => void;
  }): void => {
    for (const { definition, series } of metrics.collect()) {
      const instrument = observed.get(definition);
      if (instrument === undefined) continue;
      for (const { attributes, value } of series)
        if (value !== undefined) result.observe(instrument, value, attributes);
    }
  };
  meter.addBatchObservableCallback(observe, instruments);
  const record = (name: string, value: number): void =>
    histograms.get(name)?.record(value, metrics.attributes());
  const stopListening = metrics.listen((event, nowMs) => measure(event, nowMs, record));
  return {
    close: () => {
      stopListening();
      meter.removeBatchObservableCallback(observe, instruments);
    },
  };
}

function observable(meter: Meter, definition: MetricDefinition): Observable {
  const name = fullName(definition);
  const options = described(definition);
  if (definition.kind === "counter") return meter.createObservableCounter(name, options);
  return definition.kind === "up-down"
    ? meter.createObservableUpDownCounter(name, options)
    : meter.createObservableGauge(name, options);
}

function fullName({ name }: MetricDefinition): string {
  return `${NAMESPACE}.${name}`;
}

function described({ unit, description, boundaries }: MetricDefinition): MetricOptions {
  return {
    unit,
    description,
    ...(boundaries.length === 0 ? {} : { advice: { explicitBucketBoundaries: [...boundaries] } }),
  };
}
