import type { HistogramSnapshot } from "./counting/histogram.js";
import type { MetricDefinition } from "./metrics/definition.js";

/** One value of a metric. */
export interface Series {
  readonly attributes: Readonly<Record<string, string>>;
  /** The number; of a histogram, `histogram` instead. */
  readonly value?: number;
  readonly histogram?: HistogramSnapshot;
}

/** A metric with the values that it has now. */
export interface MetricFamily {
  readonly definition: MetricDefinition;
  readonly series: readonly Series[];
}
