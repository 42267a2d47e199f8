import type { ConnectorEvent } from "@kinesis-connectors/consumer";

import { MEASURED, measure } from "../measurements.js";
import type { MetricDefinition } from "../metrics/definition.js";
import { metricNamed } from "../metrics/metrics.js";
import { Sample } from "../counting/sample.js";
import type { Metrics } from "../metrics-tally.js";
import { type EmfLine, type EmfMetric, type EmfUnit, MAX_VALUES } from "./line.js";
import type { Period } from "./period.js";

const UNITS: Readonly<Record<string, EmfUnit>> = { By: "Bytes", s: "Seconds", "": "None" };

type Attributes = Readonly<Record<string, string>>;

/** Metrics under their names in `METRICS`, with their attributes as dimensions: what counters grew by, what gauges are, values of histograms. */
export class OwnNames implements Period {
  readonly #metrics: Metrics;
  readonly #namespace: string;
  readonly #samples: ReadonlyMap<string, Sample> = new Map(
    MEASURED.map((name) => [name, new Sample(MAX_VALUES)]),
  );
  /** The counters at the end of the last period. */
  #before = new Map<string, number>();

  constructor(metrics: Metrics, namespace: string) {
    this.#metrics = metrics;
    this.#namespace = namespace;
  }

  event(event: ConnectorEvent, nowMs: number): void {
    measure(event, nowMs, (name, value) => this.#samples.get(name)?.add(value));
  }

  lines(timestampMs: number): readonly EmfLine[] {
    const namespace = this.#namespace;
    const after = new Map<string, number>();
    const lines = new Map<string, EmfLine & { readonly metrics: EmfMetric[] }>();
    const push = (key: string, dimensions: Attributes, metric: EmfMetric): void => {
      const line = lines.get(key);
      if (line === undefined) lines.set(key, { namespace, timestampMs, dimensions, metrics: [metric] });
      else line.metrics.push(metric);
    };
    for (const { definition, series } of this.#metrics.collect()) {
      const { name, kind } = definition;
      for (const { attributes, value } of series) {
        if (value === undefined) continue;
        const key = JSON.stringify(attributes);
        const counter = `${name}\n${key}`;
        if (kind === "counter") after.set(counter, value);
        const said = kind === "counter" ? grown(this.#before.get(counter), value) : value;
        push(key, attributes, { name, unit: unitOf(definition), value: said });
      }
    }
    const common = this.#metrics.attributes();
    for (const [name, sample] of this.#samples) {
      const value = sample.take();
      if (value.length > 0)
        push(JSON.stringify(common), common, { name, unit: unitOf(metricNamed(name)), value });
    }
    this.#before = after;
    return [...lines.values()];
  }
}

/** What a counter grew by; one that is less than before began anew, as that of a shard does that came back. */
function grown(before: number | undefined, now: number): number {
  return before === undefined || now < before ? now : now - before;
}

function unitOf({ unit }: MetricDefinition): EmfUnit {
  return UNITS[unit] ?? "Count";
}
