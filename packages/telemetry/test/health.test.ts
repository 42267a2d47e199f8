import { describe, expect, it } from "vitest";

import type { ConnectorProgress, ShardSnapshot } from "@kinesis-connectors/consumer";
import { healthOf, type HealthRules } from "../src/index.js";
import { progressOf, shard } from "./support/events.js";

const NOW_MS = 10_000_000;
const HOUR_MS = 3_600_000;

function judged(
  of: Partial<ShardSnapshot> | undefined,
  rules: HealthRules = {},
  progress: Partial<ConnectorProgress> = {},
) {
  const shards = of === undefined ? [] : [shard({ sinceMs: NOW_MS - HOUR_MS, ...of })];
  const health = healthOf(progressOf(shards, progress), rules, NOW_MS);
  return `${health.status}: ${health.reasons.map(({ rule }) => rule).join(", ")}`;
}

const batch = (of: { sinceMs: number; failedAttempts?: number }) => ({
  batchId: "b",
  records: 1,
  failedAttempts: 0,
  lastError: "SlowDown",
  ...of,
});

describe("health is progress", () => {
  it("is ok without any shard, because there may be more workers than shards", () => {
    expect(judged(undefined)).toBe("ok: ");
  });

  it("is failing until the first look at the leases, and says when that takes too long", () => {
    const starting = (startedMs: number, rules?: HealthRules) =>
      judged(undefined, rules, { firstLookDone: false, startedMs });
    expect(starting(NOW_MS - 120_000)).toBe("failing: starting");
    expect(starting(NOW_MS - 120_001)).toBe("failing: start-deadline");
    expect(starting(NOW_MS - 2_000, { startDeadlineMs: 1_000 })).toBe("failing: start-deadline");
  });

  it("is failing when a shard has records behind it and commits nothing", () => {
    expect(judged({ bufferedRecords: 1, lastCommitMs: NOW_MS - 180_000 })).toBe("ok: ");
    expect(judged({ bufferedRecords: 1, lastCommitMs: NOW_MS - 180_001 })).toBe("failing: stalled-shard");
    expect(judged({ millisBehindLatest: 1, lastCommitMs: NOW_MS - 180_001 })).toBe("failing: stalled-shard");
    expect(judged({ bufferedRecords: 1, lastCommitMs: NOW_MS - 121_000 }, { maxAgeMs: 1_000 })).toBe(
      "failing: stalled-shard",
    );
    expect(judged({ bufferedRecords: 1, lastCommitMs: NOW_MS - 6_000 }, { stalledMs: 5_000 })).toBe(
      "failing: stalled-shard",
    );
  });

  it("is ok when the first record comes after hours of nothing, or a shard has just been taken", () => {
    expect(
      judged({ bufferedRecords: 1, lastCommitMs: NOW_MS - HOUR_MS, readThroughMs: NOW_MS - 1_000 }),
    ).toBe("ok: ");
    expect(judged({ bufferedRecords: 1, sinceMs: NOW_MS - 1_000 })).toBe("ok: ");
    expect(judged({ lastCommitMs: NOW_MS - HOUR_MS })).toBe("ok: ");
  });

  it("is failing when what arrives is delivered too late", () => {
    expect(judged({ readThroughMs: NOW_MS - 180_000 })).toBe("ok: ");
    expect(judged({ readThroughMs: NOW_MS - 180_001 })).toBe("failing: delivery-lag");
    // Below the age of a buffer it would flutter with every batch.
    expect(judged({ readThroughMs: NOW_MS - 600_000 }, { maxAgeMs: 300_000 })).toBe("ok: ");
    expect(judged({ readThroughMs: NOW_MS - 2_000 }, { maxDeliveryLagMs: 1_000 })).toBe(
      "failing: delivery-lag",
    );
  });

  it("is failing when one batch is tried again for too long, and names what it fails with", () => {
    const retrying = (sinceMs: number) => ({
      batchUnderWay: batch({ sinceMs, failedAttempts: 3 }),
      lastCommitMs: NOW_MS,
    });
    expect(judged(retrying(NOW_MS - 120_000))).toBe("ok: ");
    expect(judged(retrying(NOW_MS - 120_001))).toBe("failing: emit-retrying");
    expect(judged({ batchUnderWay: batch({ sinceMs: NOW_MS - 150_000 }), lastCommitMs: NOW_MS })).toBe(
      "ok: ",
    );
    const { reasons } = healthOf(progressOf([shard(retrying(0))]), {}, NOW_MS);
    expect(reasons[0]).toMatchObject({
      rule: "emit-retrying",
      shardId: "shardId-000000000000",
      value: NOW_MS,
      limit: 120_000,
      cure: expect.stringContaining("SlowDown"),
    });
  });

  it("is failing when a shard cannot be read", () => {
    expect(judged({ failingSinceMs: NOW_MS - 60_000 })).toBe("ok: ");
    expect(judged({ failingSinceMs: NOW_MS - 60_001 })).toBe("failing: reading-fails");
  });

  it("is degraded with a quarter of the retention left, failing with a tenth, paused or not", () => {
    expect(judged({ retentionLeftMs: 6 * HOUR_MS })).toBe("ok: ");
    expect(judged({ retentionLeftMs: 6 * HOUR_MS - 1 })).toBe("degraded: retention");
    expect(judged({ retentionLeftMs: 2.4 * HOUR_MS - 1 })).toBe("failing: retention");
    expect(judged({ state: "paused", retentionLeftMs: 1 })).toBe("failing: paused, retention");
    expect(judged({ retentionLeftMs: 41 * HOUR_MS }, {}, { retentionMs: 168 * HOUR_MS })).toBe(
      "degraded: retention",
    );
  });

  it("is failing when leases were not renewed for two thirds of the failover time", () => {
    const unrenewed = (longestUnrenewedMs: number) =>
      judged(undefined, {}, { leaseRenewals: { count: 0, longestUnrenewedMs } });
    expect(unrenewed(6_667)).toBe("ok: ");
    expect(unrenewed(6_668)).toBe("failing: lease-renewal");
  });

  it("is failing while the lease table is silent, with shards or without any", () => {
    const silent = (silentMs: number, limitMs = 30_000) => ({
      leaseTable: { lastLookMs: NOW_MS - silentMs, silentMs, limitMs },
    });
    expect(judged(undefined, {}, silent(30_000))).toBe("ok: ");
    expect(judged(undefined, {}, silent(30_001))).toBe("failing: table-silent");
    expect(judged({}, {}, silent(30_001))).toBe("failing: table-silent");
    // Leases were lost for want of renewals, and the table has not been seen since.
    expect(judged(undefined, {}, silent(1, 0))).toBe("failing: table-silent");
    expect(judged(undefined, {}, { ...silent(30_001), firstLookDone: false, startedMs: NOW_MS })).toBe(
      "failing: starting",
    );
    const { reasons } = healthOf(progressOf([], silent(40_000)), {}, NOW_MS);
    expect(reasons).toMatchObject([
      { value: 40_000, limit: 30_000, cure: expect.stringMatching(/endpoint.*network.*rights/) },
    ]);
  });

  it("is failing while there are shards that nobody reads", () => {
    expect(judged(undefined, {}, { unattendedShards: 2 })).toBe("failing: unattended-shards");
  });

  it("is ok with a shard that an operator paused, whatever waits in it, and says so", () => {
    expect(
      judged({ state: "paused", bufferedRecords: 5, readThroughMs: 0, millisBehindLatest: HOUR_MS }),
    ).toBe("ok: paused");
    expect(judged({ state: "waiting-for-parent", millisBehindLatest: HOUR_MS })).toBe("ok: ");
    expect(judged({ state: "ended", readThroughMs: 0 })).toBe("ok: ");
  });

  it("refuses a rule that there is none of, and one that is no time", () => {
    expect(() => healthOf(progressOf([]), { maxLagMs: 1 } as never, 0)).toThrow(/no option maxLagMs/);
    expect(() => healthOf(progressOf([]), { retryingMs: -1 }, 0)).toThrow(
      /retryingMs must be a whole number/,
    );
  });

  it("gives a cure in words with every reason", () => {
    const worst = shard({
      batchUnderWay: batch({ sinceMs: 0, failedAttempts: 1 }),
      failingSinceMs: 0,
      bufferedRecords: 1,
      readThroughMs: 0,
      retentionLeftMs: 0,
    });
    const { reasons } = healthOf(
      progressOf([worst], { firstLookDone: false, leaseRenewals: { count: 0, longestUnrenewedMs: 9_999 } }),
      {},
      NOW_MS,
    );
    expect(reasons.map(({ rule }) => rule)).toEqual([
      "start-deadline",
      "lease-renewal",
      "emit-retrying",
      "reading-fails",
      "stalled-shard",
      "delivery-lag",
      "retention",
    ]);
    for (const { cure } of reasons) expect(cure.length).toBeGreaterThan(20);
  });
});
