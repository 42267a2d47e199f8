import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { metricsTally, prometheusText } from "../src/index.js";
import { batchEmitted, connectorStarted, pageRead, progressOf, started } from "./support/events.js";
import { parsePrometheus, sumOf } from "./support/prometheus-parser.js";

describe("Prometheus text", () => {
  it("gives labels back as they were, whatever they are, and stays one line a sample", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", minLength: 1 }).filter((text) => text.trim() === text),
        fc.string({ unit: fc.constantFrom("\\", '"', "\n", "n", "{", "}", ",", "=", " "), minLength: 1 }),
        (application, shardId) => {
          const metrics = metricsTally({ application, stream: 'a\\b"c\nd' });
          metrics.observe(started(shardId));
          metrics.observe(pageRead(shardId, { records: 7 }));
          const samples = parsePrometheus(prometheusText(metrics));
          const read = samples.filter(({ name }) => name === "kinesis_connectors_records_read_total");
          expect(read).toEqual([
            {
              name: "kinesis_connectors_records_read_total",
              labels: {
                aws_kinesis_stream_name: 'a\\b"c\nd',
                kinesis_connectors_application: application,
                aws_kinesis_shard_id: shardId,
              },
              value: 7,
            },
          ]);
        },
      ),
    );
  });

  it("counts everything up to a bucket's bound in it, and all in +Inf", () => {
    const metrics = metricsTally({ application: "a", stream: "s" });
    for (const durationMs of [5, 5.1, 200, 250, 251, 400_000])
      metrics.observe(batchEmitted("s0", { durationMs }));
    const samples = parsePrometheus(prometheusText(metrics));
    const upTo = (le: string) => sumOf(samples, "kinesis_connectors_emit_duration_seconds_bucket", { le });
    expect([upTo("0.005"), upTo("0.01"), upTo("0.25"), upTo("0.5"), upTo("300"), upTo("+Inf")]).toEqual([
      1, 2, 4, 5, 5, 6,
    ]);
    expect(sumOf(samples, "kinesis_connectors_emit_duration_seconds_sum")).toBeCloseTo(400.7111, 4);
  });

  it("describes each metric once for several connectors of a process, and tells them apart", () => {
    const all = ["one", "two"].map((application) => {
      const metrics = metricsTally({ application });
      metrics.observe(connectorStarted(application));
      return metrics;
    });
    const text = prometheusText(all);
    expect(text.match(/^# TYPE kinesis_connectors_up gauge$/gm)).toHaveLength(1);
    const up = parsePrometheus(text).filter(({ name }) => name === "kinesis_connectors_up");
    expect(up.map(({ labels }) => labels["kinesis_connectors_application"])).toEqual(["one", "two"]);
  });

  it("has each series once, also of two workers of one application in a process", () => {
    const all = ["a:1", "b:2"].map((ownerId) => {
      const metrics = metricsTally({ application: "one" });
      metrics.observe(connectorStarted("one"));
      metrics.observe(pageRead("shardId-0", { records: 3 }));
      metrics.attach({ ownerId, progress: () => progressOf([]) });
      return metrics;
    });
    const lines = prometheusText([...all, all[0] as (typeof all)[0]]).split("\n");
    const series = lines.filter((line) => line.startsWith("k")).map((line) => line.replace(/ \S+$/, ""));
    expect(series).toEqual([...new Set(series)]);
    const read = lines.filter((line) => line.startsWith("kinesis_connectors_records_read_total"));
    expect(read).toEqual([
      expect.stringMatching(/service_instance_id="a:1"} 3$/),
      expect.stringMatching(/service_instance_id="b:2"} 3$/),
    ]);
    // Alone it is the same worker from one start to the next.
    expect(prometheusText(all[0] as (typeof all)[0])).not.toMatch(
      /records_read_total\{.*service_instance_id/,
    );
  });

  it("names the stream in every series, also in those of what failed before it was known", () => {
    const metrics = metricsTally({ application: "a" });
    metrics.observe({ type: "lease-retry", step: "take", error: new Error("x") });
    prometheusText(metrics);
    metrics.observe(pageRead("shardId-0"));
    metrics.observe({ type: "lease-retry", step: "take", error: new Error("x") });
    const retries = parsePrometheus(prometheusText(metrics)).filter(({ name }) =>
      name.endsWith("lease_retries_total"),
    );
    expect(retries).toMatchObject([
      { labels: { aws_kinesis_stream_name: "clicks", step: "take" }, value: 2 },
    ]);
  });

  it("is text, and none of it undefined, before anything has happened", () => {
    const text = prometheusText(metricsTally({ application: "a" }));
    expect(parsePrometheus(text).every(({ value }) => value === 0)).toBe(true);
    expect(text).not.toMatch(/undefined|NaN/);
  });
});
