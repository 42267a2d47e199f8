import { virtualClock } from "@kinesis-connectors/testkit";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

import { emf, type EmfOptions, METRICS, metricsTally } from "../src/index.js";
import {
  batchEmitted,
  committed,
  connectorStarted,
  pageRead,
  progressOf,
  shard,
  started,
  stopped,
} from "./support/events.js";
import { type Datum, dataOf, inAlarm } from "./support/cloudwatch.js";
import { KCL_METRICS, type KclMetric } from "./support/kcl-metrics.js";

const APPLICATION = "clicks-to-s3";
/** What a stub of CloudWatch was sent by Java workers. */
const RECORDED = new URL("../../../interop/fixtures/kcl-cloudwatch.json", import.meta.url);

function setUp(options: Partial<EmfOptions> = {}) {
  const clock = virtualClock();
  const written: string[] = [];
  const metrics = metricsTally({ application: APPLICATION, stream: "clicks", clock });
  metrics.attach({
    ownerId: "worker-1:0b9e",
    progress: () => progressOf([shard({ shardId: "s0" }), shard({ shardId: "s1" })]),
  });
  const outlet = emf(metrics, { names: "kcl", write: (lines) => void written.push(lines), ...options });
  const data = (): readonly Datum[] => dataOf(written.splice(0).join(""));
  return { clock, metrics, outlet, written, data };
}

function ofShards(metrics: ReturnType<typeof setUp>["metrics"]): void {
  metrics.observe(connectorStarted(APPLICATION));
  for (const shardId of ["s0", "s1"]) {
    metrics.observe({ type: "lease-take", shardId, from: undefined, steal: false });
    metrics.observe(started(shardId));
    metrics.observe(pageRead(shardId, { records: 12, bytes: 3400, behindMs: shardId === "s0" ? 60_000 : 0 }));
    metrics.observe(batchEmitted(shardId, { durationMs: 250 }));
    metrics.observe(committed(shardId));
  }
  metrics.observe({ type: "lease-lose", shardId: "s1", reason: "taken" });
}

describe("embedded metrics with the KCL's names", () => {
  it("have the names, units and dimensions that the KCL publishes them with, and none that it does not", async () => {
    const { clock, metrics, data } = setUp();
    ofShards(metrics);
    await clock.advance(60_000);
    const shapes = new Set(
      data().map(({ namespace, name, unit, dimensions }) =>
        JSON.stringify({
          namespace,
          name,
          unit,
          operation: dimensions["Operation"],
          keys: Object.keys(dimensions),
        }),
      ),
    );
    const wanted = KCL_METRICS.map(({ name, unit, operation, dimensions }) =>
      JSON.stringify({ namespace: APPLICATION, name, unit, operation, keys: dimensions }),
    );
    expect([...shapes].toSorted()).toEqual(wanted.toSorted());
  });

  it("are each among those that real workers of KCL 2.7.2 and 3.5.1 were recorded to send", async () => {
    const recorded = JSON.parse(await readFile(RECORDED, "utf8")) as Record<string, readonly KclMetric[]>;
    const shape = ({ operation, name, unit, dimensions }: KclMetric): string =>
      JSON.stringify([operation, name, unit, dimensions.toSorted()]);
    for (const of of ["2.7.2 2.x", "3.5.1 compatible"]) {
      const sent = recorded[of]?.map(shape) ?? [];
      expect(sent.length).toBeGreaterThan(40);
      for (const metric of KCL_METRICS) expect(sent).toContain(shape(metric));
    }
  });

  it("say what happened in the minute, and nothing of it again in the next one", async () => {
    const { clock, metrics, data } = setUp();
    ofShards(metrics);
    await clock.advance(60_000);
    const first = data();
    const valuesOf = (of: readonly Datum[], name: string, dimensions: Record<string, string>) =>
      of
        .filter(
          (datum) => datum.name === name && JSON.stringify(datum.dimensions) === JSON.stringify(dimensions),
        )
        .flatMap(({ values }) => values);
    const process = { Operation: "ProcessTask", ShardId: "s0" };
    const worker = { Operation: "RenewAllLeases", WorkerIdentifier: "worker-1" };
    expect(valuesOf(first, "RecordsProcessed", process)).toEqual([12]);
    expect(valuesOf(first, "DataBytesProcessed", process)).toEqual([3400]);
    expect(valuesOf(first, "MillisBehindLatest", process)).toEqual([60_000]);
    expect(valuesOf(first, "RecordProcessor.processRecords.Time", process)).toEqual([250]);
    expect(valuesOf(first, "MillisBehindLatest", { Operation: "ApplicationTracker" })).toEqual([60_000, 0]);
    expect(valuesOf(first, "CurrentLeases", worker)).toEqual([2]);
    expect(valuesOf(first, "LostLeases", worker)).toEqual([1]);
    expect(valuesOf(first, "TakenLeases", { ...worker, Operation: "TakeLeases" })).toEqual([2]);
    expect(valuesOf(first, "NumWorkers", { ...worker, Operation: "TakeLeases" })).toEqual([3]);
    expect(valuesOf(first, "ExpiredLeases", { ...worker, Operation: "TakeLeases" })).toEqual([1]);
    expect(new Set(first.map(({ timestampMs }) => timestampMs))).toEqual(
      new Set([Date.UTC(2026, 0, 1) + 60_000]),
    );

    await clock.advance(60_000);
    const second = data();
    expect(valuesOf(second, "RecordsProcessed", process)).toEqual([0]);
    expect(valuesOf(second, "MillisBehindLatest", process)).toEqual([]);
    expect(valuesOf(second, "LostLeases", worker)).toEqual([0]);
  });

  it("ring the alarms that a KCL application had", async () => {
    // As `aws cloudwatch describe-alarms` gives them, of an application that reads with the KCL.
    const alarms = [
      {
        AlarmName: "shard behind",
        Namespace: APPLICATION,
        MetricName: "MillisBehindLatest",
        Dimensions: [
          { Name: "Operation", Value: "ProcessTask" },
          { Name: "ShardId", Value: "s0" },
        ],
        Statistic: "Maximum",
        Threshold: 30_000,
        ComparisonOperator: "GreaterThanThreshold",
      },
      {
        AlarmName: "application behind, on the mean",
        Namespace: APPLICATION,
        MetricName: "MillisBehindLatest",
        Dimensions: [{ Name: "Operation", Value: "ApplicationTracker" }],
        Statistic: "Average",
        Threshold: 30_000,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
      },
      {
        AlarmName: "nothing read",
        Namespace: APPLICATION,
        MetricName: "RecordsProcessed",
        Dimensions: [
          { Name: "Operation", Value: "ProcessTask" },
          { Name: "ShardId", Value: "s1" },
        ],
        Statistic: "Sum",
        Threshold: 0,
        ComparisonOperator: "LessThanOrEqualToThreshold",
      },
    ] as const;
    const { clock, metrics, data } = setUp();
    ofShards(metrics);
    await clock.advance(60_000);
    const busy = data();
    expect(alarms.map((alarm) => inAlarm(alarm, busy))).toEqual([true, true, false]);
    for (const shardId of ["s0", "s1"]) metrics.observe(pageRead(shardId, { records: 0, bytes: 0 }));
    await clock.advance(60_000);
    const idle = data();
    expect(alarms.map((alarm) => inAlarm(alarm, idle))).toEqual([false, false, true]);
  });

  it("hold at most a hundred values of a metric, the greatest among them", async () => {
    const { clock, metrics, data } = setUp();
    for (let n = 0; n < 120; n += 1)
      for (let page = 0; page < 40; page += 1)
        metrics.observe(pageRead(`shard-${n}`, { behindMs: page === 17 ? 1_000_000 + n : page }));
    await clock.advance(60_000);
    const behind = data().filter(({ name }) => name === "MillisBehindLatest");
    for (const { values } of behind) expect(values.length).toBeLessThanOrEqual(100);
    for (let n = 0; n < 120; n += 1) {
      const ofShard = behind.find(({ dimensions }) => dimensions["ShardId"] === `shard-${n}`);
      expect(ofShard?.values).toContain(1_000_000 + n);
    }
    const all = behind.filter(({ dimensions }) => dimensions["Operation"] === "ApplicationTracker");
    expect(Math.max(...all.flatMap(({ values }) => values))).toBe(1_000_119);
  });
});

describe("embedded metrics", () => {
  it("are written once more when the connector stops, and then no timer is left", async () => {
    const { clock, metrics, data, written } = setUp();
    expect(clock.pendingTimers()).toBe(0);
    ofShards(metrics);
    expect(clock.pendingTimers()).toBe(1);
    metrics.observe(stopped("s0"));
    metrics.observe({ type: "connector-stop" });
    expect(clock.pendingTimers()).toBe(0);
    expect(data().filter(({ name }) => name === "RecordsProcessed")).toHaveLength(2);
    await clock.advance(600_000);
    expect(written).toEqual([]);
  });

  it("keep no timer for a connector that did not start, whatever its start told", async () => {
    const { clock, metrics, written } = setUp();
    metrics.observe({ type: "wire-fallback", wireFormat: "json" });
    metrics.observe({ type: "lease-retry", step: "open", error: new Error("x") });
    expect(clock.pendingTimers()).toBe(0);
    expect(written).toEqual([]);
  });

  it("end with close, which may be called twice", async () => {
    const { clock, metrics, outlet, data, written } = setUp();
    ofShards(metrics);
    outlet.close();
    outlet.close();
    expect(data().length).toBeGreaterThan(0);
    metrics.observe(pageRead("s0"));
    await clock.advance(600_000);
    expect(written).toEqual([]);
    expect(clock.pendingTimers()).toBe(0);
  });

  it("forget a shard that is gone after its last line", async () => {
    const { clock, metrics, data } = setUp();
    ofShards(metrics);
    metrics.observe(stopped("s0"));
    await clock.advance(60_000);
    expect(data().some(({ dimensions }) => dimensions["ShardId"] === "s0")).toBe(true);
    await clock.advance(60_000);
    expect(data().some(({ dimensions }) => dimensions["ShardId"] === "s0")).toBe(false);
  });

  it("go on when what writes them throws", async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", onWarning);
    let calls = 0;
    const { clock, metrics } = setUp({
      write: () => {
        calls += 1;
        throw new TypeError("secret");
      },
    });
    ofShards(metrics);
    await clock.advance(180_000);
    await new Promise(setImmediate);
    process.off("warning", onWarning);
    expect(calls).toBe(3);
    expect(warnings).toEqual(["write of emf() threw TypeError; metrics were lost"]);
  });

  it("under own names have what grew in the minute, and every metric's own name and attributes", async () => {
    const { clock, metrics, data } = setUp({ names: "own" });
    ofShards(metrics);
    await clock.advance(60_000);
    const first = data();
    metrics.observe(pageRead("s0", { records: 5 }));
    await clock.advance(60_000);
    const second = data();
    const read = (of: readonly Datum[]) =>
      of
        .filter(({ name }) => name === "records.read")
        .map(({ dimensions, values }) => [dimensions["aws.kinesis.shard.id"], values[0]]);
    expect(read(first)).toEqual([
      ["s0", 12],
      ["s1", 12],
    ]);
    expect(read(second)).toEqual([
      ["s0", 5],
      ["s1", 0],
    ]);
    for (const { name, namespace, unit } of first) {
      const definition = METRICS.find((one) => one.name === name);
      expect(definition?.name).toBe(name);
      expect(namespace).toBe("KinesisConnectors");
      expect(unit).toBe({ By: "Bytes", s: "Seconds", "": "None" }[definition?.unit ?? ""] ?? "Count");
    }
    expect(first.find(({ name }) => name === "emit.duration")?.values).toEqual([0.25, 0.25]);
  });

  it("refuse options that cannot work", () => {
    const metrics = metricsTally({ application: "a" });
    expect(() => emf(metrics, { names: "java" } as never)).toThrow(/names must be "kcl" or "own"/);
    expect(() => emf(metrics, {} as never)).toThrow(/names is missing/);
    expect(() => emf(metrics, { names: "own", periodMs: 10 })).toThrow(/periodMs must be a whole number/);
    expect(() => emf(metrics, { names: "own", period: 10 } as never)).toThrow(/did you mean periodMs/);
  });
});
