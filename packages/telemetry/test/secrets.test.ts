import {
  InMemoryMetricExporter,
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { describe, expect, it } from "vitest";

import { emf, healthOf, metricsTally, openTelemetry, prometheusText, traced } from "../src/index.js";
import { APPLICATION, CANARIES, startRealRun } from "./support/real-run.js";
import { startSpans } from "./support/spans.js";

describe("no outlet tells", () => {
  it("a credential, a partition key or anything of a record, whatever fails", async () => {
    using spans = startSpans();
    const metrics = metricsTally({ application: APPLICATION });
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    openTelemetry(metrics, { meterProvider: provider });
    const lines: string[] = [];
    for (const names of ["kcl", "own"] as const)
      emf(metrics, { names, write: (text) => void lines.push(text) });
    // The fault's own words are those of a service that quotes what it was sent.
    await using run = await startRealRun({
      metrics,
      records: 600,
      wrap: (emitter) => traced(emitter, { read: true }),
    });
    run.aws.faults.add({
      server: "kinesis",
      operation: "GetRecords",
      times: 3,
      effect: { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" },
    });
    await run.settled();
    const health = healthOf(
      run.connector.progress(),
      { maxDeliveryLagMs: 0, readFailingMs: 0, retryingMs: 0 },
      9e15,
    );
    const scraped = prometheusText(metrics);
    await reader.forceFlush();
    await run.connector.stop();
    const told = [
      scraped,
      prometheusText(metrics),
      JSON.stringify(exporter.getMetrics()),
      lines.join(""),
      JSON.stringify(health),
      JSON.stringify(
        spans.ended().map(({ name, attributes, events, status, links }) => ({
          name,
          attributes,
          events,
          status,
          links,
        })),
      ),
    ];
    for (const text of told) expect(text.length).toBeGreaterThan(200);
    for (const canary of Object.values(CANARIES))
      expect(told.filter((text) => text.includes(canary))).toEqual([]);
    expect(told.filter((text) => /canary/i.test(text))).toEqual([]);
    await provider.shutdown();
  });
});
