import type { HistogramSnapshot } from "./counting/histogram.js";
import { ATTRIBUTES, type MetricDefinition } from "./metrics/definition.js";
import type { Series } from "./series.js";
import type { Metrics } from "./metrics-tally.js";

/** The `Content-Type` of `prometheusText`. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Renders metrics in the text format that Prometheus scrapes (exposition format 0.0.4). Several connectors of one process come into one text: each metric is
 * described once, and the attribute `kinesis_connectors_application` tells them apart; those of one application and stream, `service_instance_id`.
 *
 * @example
 * ```ts
 * response.setHeader("Content-Type", PROMETHEUS_CONTENT_TYPE);
 * response.end(prometheusText(metrics));
 * ```
 */
export function prometheusText(metrics: Metrics | readonly Metrics[]): string {
  const families = new Map<MetricDefinition, Series[]>();
  const all = [...new Set(isMany(metrics) ? metrics : [metrics])];
  const twins = twinsAmong(all);
  for (const one of all) {
    const instance = twins.get(one);
    for (const { definition, series } of one.collect()) {
      const told = instance === undefined ? series : series.map((of) => withInstance(of, instance));
      const found = families.get(definition);
      if (found === undefined) families.set(definition, [...told]);
      else found.push(...told);
    }
  }
  const lines: string[] = [];
  for (const [definition, series] of families) {
    const { prometheus, description, kind } = definition;
    const type = kind === "up-down" ? "gauge" : kind;
    lines.push(`# HELP ${prometheus} ${escapedHelp(description)}`, `# TYPE ${prometheus} ${type}`);
    for (const { attributes, value, histogram } of series) {
      const labels = labelsOf(attributes);
      if (histogram !== undefined) pushHistogram(lines, definition, labels, histogram);
      else if (value !== undefined) lines.push(`${prometheus}${braced(labels)} ${numberText(value)}`);
    }
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Workers of one application and stream in one process, which nothing tells apart: a text that holds a series twice is refused. */
function twinsAmong(all: readonly Metrics[]): ReadonlyMap<Metrics, string> {
  const seen = new Map<string, Metrics>();
  const twins = new Map<Metrics, string>();
  for (const one of all) {
    const source = JSON.stringify(one.attributes());
    const first = seen.get(source);
    if (first === undefined) seen.set(source, one);
    else for (const twin of [first, one]) twins.set(twin, twin.ownerId() ?? String(all.indexOf(twin)));
  }
  return twins;
}

function withInstance(series: Series, instance: string): Series {
  return { ...series, attributes: { ...series.attributes, [ATTRIBUTES.owner]: instance } };
}

function isMany(metrics: Metrics | readonly Metrics[]): metrics is readonly Metrics[] {
  return Array.isArray(metrics);
}

/** Buckets of Prometheus hold everything up to their bound, those below included. */
function pushHistogram(
  lines: string[],
  { prometheus, boundaries }: MetricDefinition,
  labels: string,
  { counts, count, sum }: HistogramSnapshot,
): void {
  const before = labels === "" ? "" : `${labels},`;
  let upTo = 0;
  for (const [index, bound] of boundaries.entries()) {
    upTo += counts[index] ?? 0;
    lines.push(`${prometheus}_bucket{${before}le="${numberText(bound)}"} ${upTo}`);
  }
  lines.push(
    `${prometheus}_bucket{${before}le="+Inf"} ${count}`,
    `${prometheus}_sum${braced(labels)} ${numberText(sum)}`,
    `${prometheus}_count${braced(labels)} ${count}`,
  );
}

/** The attributes of a shard are one object for all its series: what was made of them once is used again. */
const texts = new WeakMap<object, string>();

function labelsOf(attributes: Readonly<Record<string, string>>): string {
  const known = texts.get(attributes);
  if (known !== undefined) return known;
  const text = Object.entries(attributes)
    .map(([name, value]) => `${name.replaceAll(/[^a-zA-Z0-9_]/g, "_")}="${escapedLabel(value)}"`)
    .join(",");
  texts.set(attributes, text);
  return text;
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

/** Of a label's value: backslash, quote and line feed (exposition format 0.0.4, "Comments, help text, and type information"). */
function escapedLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** Of a help text: backslash and line feed; quotes stay. */
function escapedHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
