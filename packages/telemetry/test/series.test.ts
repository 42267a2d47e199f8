import { virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";

import { type Metrics, metricsTally } from "../src/index.js";
import {
  committed,
  ended,
  pageRead,
  progressOf,
  shard,
  shardName,
  started,
  stopped,
} from "./support/events.js";

const MINUTE_MS = 60_000;

function seriesOf(metrics: Metrics): number {
  return metrics.collect().reduce((sum, { series }) => sum + series.length, 0);
}

function valuesOf(metrics: Metrics, name: string): readonly (number | undefined)[] {
  return (
    metrics
      .collect()
      .find(({ definition }) => definition.name === name)
      ?.series.map(({ value }) => value) ?? []
  );
}

describe("series", () => {
  it("do not grow over 200 reshards: those of living shards, and of shards that ended within ten minutes", async () => {
    const clock = virtualClock();
    const metrics = metricsTally({ application: "a", stream: "s", clock });
    let live = [0, 1, 2, 3];
    let next = 4;
    for (const n of live) metrics.observe(started(shardName(n)));
    const before = seriesOf(metrics);
    let most = 0;
    for (let reshard = 0; reshard < 200; reshard += 1) {
      // Splits one shard and merges its children again with the next reshard.
      const [parent = 0, ...rest] = live;
      const children = reshard % 2 === 0 ? [next, next + 1] : [next];
      next += children.length;
      const parents = reshard % 2 === 0 ? [parent] : live.slice(-2);
      live = [...(reshard % 2 === 0 ? rest : live.slice(0, -2)), ...children];
      for (const n of parents) metrics.observe(ended(shardName(n), children.map(shardName)));
      for (const n of children) {
        metrics.observe(started(shardName(n)));
        metrics.observe(pageRead(shardName(n)));
        metrics.observe(committed(shardName(n)));
      }
      await clock.advance(MINUTE_MS);
      const shown = valuesOf(metrics, "records.read").length;
      most = Math.max(most, shown);
      // At most two shards end with each reshard of a minute.
      expect(shown).toBeLessThanOrEqual(live.length + 2 * 10);
    }
    expect(most).toBeGreaterThan(5);
    await clock.advance(11 * MINUTE_MS);
    expect(seriesOf(metrics)).toBeLessThanOrEqual(before + 12);
  });

  it("of all shards together never go down, whatever ends", async () => {
    const clock = virtualClock();
    const metrics = metricsTally({ application: "a", stream: "s", perShard: false, clock });
    for (let n = 0; n < 300; n += 1) {
      metrics.observe(started(shardName(n)));
      metrics.observe(pageRead(shardName(n)));
      metrics.observe(stopped(shardName(n)));
      await clock.advance(MINUTE_MS);
      expect(valuesOf(metrics, "records.read")).toEqual([10 * (n + 1)]);
    }
  });

  it("become sums and maxima past 200 owned shards, and are those of each shard again at 180", async () => {
    const clock = virtualClock();
    const metrics = metricsTally({ application: "a", stream: "s", clock });
    for (let n = 0; n < 200; n += 1) {
      metrics.observe(started(shardName(n)));
      metrics.observe(pageRead(shardName(n), { behindMs: n * 1000 }));
    }
    expect(valuesOf(metrics, "records.read")).toHaveLength(200);
    expect(valuesOf(metrics, "lag.duration")).toHaveLength(200);
    metrics.observe(started(shardName(200)));
    metrics.observe(pageRead(shardName(200), { behindMs: 1 }));
    expect(valuesOf(metrics, "records.read")).toEqual([2010]);
    expect(valuesOf(metrics, "lag.duration")).toEqual([199]);
    for (let n = 0; n < 21; n += 1) metrics.observe(stopped(shardName(n)));
    // Just let go: the sums stay what they are until nobody looks for those shards any more.
    expect(valuesOf(metrics, "records.read")).toEqual([2010]);
    await clock.advance(11 * MINUTE_MS);
    expect(valuesOf(metrics, "records.read")).toHaveLength(180);
  });

  it("of gauges come together as each is meant: the oldest delivery, the least retention, the sum of buffers", () => {
    const clock = virtualClock(1_000_000);
    const metrics = metricsTally({ application: "a", stream: "s", perShard: false, clock });
    const shards = [
      shard({
        shardId: "s0",
        readThroughMs: 900_000,
        retentionLeftMs: 5_000,
        bufferedRecords: 3,
        bufferedBytes: 30,
      }),
      shard({
        shardId: "s1",
        readThroughMs: 990_000,
        retentionLeftMs: 9_000,
        bufferedRecords: 4,
        bufferedBytes: 40,
      }),
      shard({ shardId: "s2", state: "paused", readThroughMs: 940_000 }),
      shard({ shardId: "s3", state: "ended", readThroughMs: 1 }),
    ];
    metrics.attach({
      ownerId: "w:u",
      progress: () =>
        progressOf(shards, { isLeader: true, leaseRenewals: { count: 1, longestUnrenewedMs: 2500 } }),
    });
    expect(valuesOf(metrics, "delivery.lag.duration")).toEqual([100]);
    expect(valuesOf(metrics, "retention.left")).toEqual([5]);
    expect(valuesOf(metrics, "buffer.records")).toEqual([7]);
    expect(valuesOf(metrics, "buffer.size")).toEqual([70]);
    expect(valuesOf(metrics, "leases.owned")).toEqual([3]);
    expect(valuesOf(metrics, "leader")).toEqual([1]);
    expect(valuesOf(metrics, "lease.renewal.delay")).toEqual([2.5]);
    expect(valuesOf(metrics, "shards")).toEqual([2, 0, 1]);
  });

  it("of errors are a closed set: what there is too much of, and what is no name, is _OTHER", () => {
    const metrics = metricsTally({ application: "a", stream: "s" });
    const fail = (name: string) =>
      metrics.observe({
        type: "shard-fail",
        shardId: "s0",
        error: Object.assign(new Error("no matter"), { name }),
      });
    for (let n = 0; n < 100; n += 1) fail(`Error${n}`);
    fail("a message where\na name should be");
    const failures = metrics.collect().find(({ definition }) => definition.name === "shard.failures");
    expect(failures?.series.length).toBeLessThanOrEqual(41);
    const other = failures?.series.find(({ attributes }) => attributes["error.type"] === "_OTHER");
    expect(other?.value).toBe(61);
    expect(failures?.series.reduce((sum, { value = 0 }) => sum + value, 0)).toBe(101);
  });
});
