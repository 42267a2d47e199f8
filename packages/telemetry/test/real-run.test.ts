import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { systemClock } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { metricsTally, METRICS, openTelemetry, prometheusText } from "../src/index.js";
import { parsePrometheus, type Sample, sumOf } from "./support/prometheus-parser.js";
import { APPLICATION, startRealRun, STREAM } from "./support/real-run.js";

const PREFIX = "kinesis_connectors_";

describe("a connector with poison, a filter and a destination that refuses now and then", () => {
  it("is counted so that read = emitted + filtered + dead-lettered, and every retry and dead letter is there", async () => {
    const metrics = metricsTally({ application: APPLICATION });
    await using run = await startRealRun({ metrics });
    await run.settled();
    expect(run.connector.progress()).toMatchObject({
      fleet: { workers: 1, availableLeases: 0 },
      retentionMs: 24 * 3_600_000,
    });
    await run.connector.stop();
    const samples = parsePrometheus(prometheusText(metrics));
    const sum = (name: string, labels?: Record<string, string>): number =>
      sumOf(samples, PREFIX + name, labels);

    const { read, filtered, deadLettered } = run.expected;
    expect(sum("records_read_total")).toBe(read);
    expect(sum("records_filtered_total")).toBe(filtered);
    expect(sum("records_dead_lettered_total")).toBe(deadLettered);
    expect(sum("records_emitted_total")).toBe(read - filtered - deadLettered);
    // Each shard by itself adds up as well.
    for (const shardId of new Set(samples.map(({ labels }) => labels["aws_kinesis_shard_id"] ?? ""))) {
      if (shardId === "") continue;
      const of = { aws_kinesis_shard_id: shardId };
      expect(sum("records_read_total", of)).toBe(
        sum("records_emitted_total", of) +
          sum("records_filtered_total", of) +
          sum("records_dead_lettered_total", of),
      );
    }
    expect(sum("emit_retries_total", { error_type: "SlowDown" })).toBe(4);
    expect(run.aws.faults.unfired()).toEqual([]);
    const outputs = sum("batch_records_sum");
    expect(outputs).toBe(read - filtered - deadLettered);
    expect(sum("batches_emitted_total")).toBe(sum("emit_duration_seconds_count"));
    expect(sum("up")).toBe(0);
    const { totals } = run.connector.progress();
    expect(totals.recordsRead).toBe(read);
    expect(totals.deadLetters).toBe(deadLettered);
    // Every series says whose it is.
    for (const { labels } of samples)
      expect(labels).toMatchObject({
        aws_kinesis_stream_name: STREAM,
        kinesis_connectors_application: APPLICATION,
      });
  });

  it("is told to OpenTelemetry with the same numbers as to Prometheus", async () => {
    const metrics = metricsTally({
      application: APPLICATION,
      clock: { ...systemClock, now: () => frozenMs ?? systemClock.now() },
    });
    let frozenMs: number | undefined;
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    const outlet = openTelemetry(metrics, { meterProvider: provider });
    await using run = await startRealRun({ metrics });
    await run.settled();
    // The gauges of one moment: a connector that reads on changes them between two looks.
    const { ownerId } = run.connector;
    const progress = run.connector.progress();
    await run.connector.stop();
    // What it is while it runs, and not what it is after the stop.
    metrics.observe({ type: "connector-start", application: APPLICATION, stream: STREAM, ownerId });
    metrics.attach({ ownerId, progress: () => progress });
    frozenMs = systemClock.now();

    const scraped = parsePrometheus(prometheusText(metrics));
    await reader.forceFlush();
    const told = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: of }) => of));
    const samples: Sample[] = [];
    for (const { descriptor, dataPointType, dataPoints } of told) {
      const definition = METRICS.find(({ name }) => `kinesis_connectors.${name}` === descriptor.name);
      if (definition === undefined) throw new Error(`${descriptor.name} is not in METRICS`);
      expect(descriptor.unit).toBe(definition.unit);
      const name = definition.prometheus;
      for (const { attributes, value } of dataPoints) {
        const labels = Object.fromEntries(
          Object.entries(attributes).map(([key, of]) => [key.replaceAll(".", "_"), String(of)]),
        );
        if (dataPointType !== DataPointType.HISTOGRAM) {
          samples.push({ name, labels, value: value as number });
          continue;
        }
        const {
          buckets,
          count,
          sum = 0,
        } = value as {
          buckets: { boundaries: number[]; counts: number[] };
          count: number;
          sum?: number;
        };
        let upTo = 0;
        for (const [index, bound] of buckets.boundaries.entries()) {
          upTo += buckets.counts[index] ?? 0;
          samples.push({ name: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: upTo });
        }
        samples.push({ name: `${name}_bucket`, labels: { ...labels, le: "+Inf" }, value: count });
        samples.push(
          { name: `${name}_sum`, labels, value: sum },
          { name: `${name}_count`, labels, value: count },
        );
      }
    }
    expect(asTable(samples)).toEqual(asTable(scraped));
    expect(asTable(samples).size).toBeGreaterThan(130);
    outlet.close();
    await provider.shutdown();
  });
});

/** By name and labels, in any order. */
function asTable(samples: readonly Sample[]): ReadonlyMap<string, number> {
  const entries = samples.map(({ name, labels, value }): [string, number] => [
    `${name} ${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`,
    value,
  ]);
  expect(new Set(entries.map(([key]) => key)).size).toBe(entries.length);
  return new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
