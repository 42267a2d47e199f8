import type { LeaseChange } from "@kinesis-connectors/leases";
import { describe, expect, test } from "vitest";

import { leaseSettings } from "../../src/worker/lease-settings.js";
import { Fleet } from "../support/fleet.js";

const MINUTES = 10;

describe("writes of lease rows", () => {
  test("a shard that commits often is not renewed besides, an idle one as often as before, and no lease gets much older", async () => {
    const fleet = new Fleet(4);
    const [busy, slow, ...idle] = fleet.stream.openShardIds() as [string, string, string, string];
    const writes = new Map<string, { readonly atMs: number; readonly type: LeaseChange["type"] }[]>();
    const member = await fleet.started({
      latencyMs: 40,
      intercept: ({ operation, leaseKey = "", change }) => {
        if (operation !== "update" || change === undefined) return undefined;
        const before = writes.get(leaseKey) ?? [];
        writes.set(leaseKey, [...before, { atMs: fleet.time.nowMs, type: change.type }]);
        return undefined;
      },
    });
    await fleet.time.advance(10_000);
    writes.clear();
    for (let second = 0; second < MINUTES * 60; second += 1) {
      fleet.stream.put(busy, 1);
      if (second % 20 === 0) fleet.stream.put(slow, 1);
      await fleet.time.advance(1_000);
    }
    const { renewPeriodMs, failoverTimeMs } = leaseSettings();
    const perPeriod = (MINUTES * 60_000) / renewPeriodMs;
    const renewals = (shardId: string): number =>
      writes.get(shardId)?.filter(({ type }) => type === "renew").length ?? 0;
    const oldestMs = (shardId: string): number => {
      const times = (writes.get(shardId) ?? []).map(({ atMs }) => atMs);
      return Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0)));
    };
    // One for each period before; none now. A commit each 20 s spares some of six.
    expect(renewals(busy)).toBeLessThanOrEqual(perPeriod * 0.02);
    expect(renewals(slow)).toBeLessThan(perPeriod);
    for (const shardId of idle) {
      expect(renewals(shardId)).toBeGreaterThan(perPeriod * 0.95);
      expect(renewals(shardId)).toBeLessThan(perPeriod * 1.05);
    }
    for (const shardId of [busy, slow, ...idle]) {
      expect(oldestMs(shardId)).toBeLessThan(renewPeriodMs * 1.25);
      expect(oldestMs(shardId)).toBeLessThan(failoverTimeMs / 2);
    }
    expect(member.worker.renewals().count).toBeGreaterThanOrEqual(
      [busy, slow, ...idle].reduce((sum, shardId) => sum + renewals(shardId), 0),
    );
    expect(member.eventsOf("lease-lose")).toEqual([]);
    await fleet.stopAll();
  });
});
