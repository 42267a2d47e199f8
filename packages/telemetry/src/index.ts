export { emf, type EmfOptions } from "./emf/emf.js";
export {
  type Health,
  healthOf,
  type HealthReason,
  type HealthRule,
  type HealthRules,
  type HealthStatus,
} from "./health.js";
export type { HistogramSnapshot } from "./counting/histogram.js";
export type { MetricDefinition, MetricKind, MetricScope } from "./metrics/definition.js";
export { METRICS } from "./metrics/metrics.js";
export { type Metrics, metricsTally, type MetricsTallyOptions } from "./metrics-tally.js";
export { type MeterProviderLike, openTelemetry, type OpenTelemetryOptions } from "./open-telemetry.js";
export type { Outlet } from "./outlet.js";
export { PROMETHEUS_CONTENT_TYPE, prometheusText } from "./prometheus.js";
export type { MetricFamily, Series } from "./series.js";
export { traced, type TracedOptions, type TracerProviderLike } from "./tracing/traced.js";
