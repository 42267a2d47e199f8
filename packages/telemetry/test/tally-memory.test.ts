import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";

import { emf, metricsTally, openTelemetry, prometheusText } from "../src/index.js";
import {
  batchEmitted,
  committed,
  connectorStarted,
  pageRead,
  progressOf,
  shard,
  shardName,
  started,
} from "./support/events.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that live after everything that does not was collected. */
function livingBytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const SHARDS = 1_000;
const MiB = 1024 * 1024;

for (const perShard of ["auto", true] as const)
  it(`a thousand shards with all three outlets take at most 20 MB (perShard ${perShard})`, async () => {
    const shards = Array.from({ length: SHARDS }, (_, n) =>
      shard({ shardId: shardName(n), readThroughMs: 1, retentionLeftMs: 1 }),
    );
    const progress = progressOf(shards);
    const before = livingBytes();
    const metrics = metricsTally({ application: "a", perShard });
    metrics.attach({ ownerId: "w:u", progress: () => progress });
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    const outlets = [
      openTelemetry(metrics, { meterProvider: provider }),
      emf(metrics, { names: "kcl", write: () => undefined }),
      emf(metrics, { names: "own", write: () => undefined }),
    ];
    metrics.observe(connectorStarted("a"));
    let scraped = 0;
    // A minute of pages, five each second, and the batches of it.
    for (let page = 0; page < 300; page += 1)
      for (const { shardId } of shards) {
        if (page === 0) metrics.observe(started(shardId));
        metrics.observe(pageRead(shardId, { behindMs: page }));
        if (page % 60 !== 0) continue;
        metrics.observe(batchEmitted(shardId));
        metrics.observe(committed(shardId, { oldestArrivalMs: 1 }));
      }
    scraped += prometheusText(metrics).length;
    await reader.forceFlush();
    exporter.reset();
    const took = livingBytes() - before;
    console.info(
      `${SHARDS} shards, perShard ${perShard}: ${(took / MiB).toFixed(1)} MiB, ${scraped} bytes of text`,
    );
    expect(took).toBeLessThan(20 * MiB);
    for (const outlet of outlets) outlet.close();
    await provider.shutdown();
  });
