import type { MetricDefinition } from "./definition.js";
import { DELIVERY_METRICS } from "./delivery-metrics.js";
import { WORKER_METRICS } from "./worker-metrics.js";

/** Every metric there is. OpenTelemetry, Prometheus text and embedded metrics render this table, so that all of them say the same. */
export const METRICS: readonly MetricDefinition[] = [...DELIVERY_METRICS, ...WORKER_METRICS];

const byName = new Map(METRICS.map((definition) => [definition.name, definition]));

/** The definition of a name out of the table. */
export function metricNamed(name: string): MetricDefinition {
  const definition = byName.get(name);
  if (definition === undefined) throw new Error(`there is no metric ${name} in METRICS`);
  return definition;
}
