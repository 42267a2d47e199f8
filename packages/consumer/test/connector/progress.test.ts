import type { Clock, Emitter } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import type { ConnectorEvent } from "../../src/events.js";
import { ProgressTally } from "../../src/progress-tally.js";
import type { ConnectorTotals } from "../../src/progress.js";
import { coreEngine } from "../support/core-engine.js";
import { Fleet } from "../support/fleet.js";
import { VirtualClock } from "../support/virtual-clock.js";

const MINUTE_MS = 60_000;
const FACTS = {
  application: "orders",
  stream: "orders",
  ownerId: "me:1",
  maxReadAheadBytes: 1_000,
  failoverTimeMs: 10_000,
};
const S0 = "shardId-000000000000";
const OF_S0 = { stream: "orders", shardId: S0 };

function tallying() {
  const time = new VirtualClock();
  const clock = time.process();
  const tally = new ProgressTally(clock, FACTS);
  return { time, clock, tally };
}

/** A page as the engine tells of it. */
function page(more: Partial<Extract<ConnectorEvent, { type: "page-read" }>> = {}): ConnectorEvent {
  return {
    type: "page-read",
    ...OF_S0,
    records: 10,
    bytes: 1_000,
    dataBytes: 1_000,
    millisBehindLatest: 0,
    durationMs: 5,
    bufferedRecords: 7,
    bufferedBytes: 700,
    ...more,
  };
}

function commit(more: Partial<Extract<ConnectorEvent, { type: "checkpoint-commit" }>> = {}): ConnectorEvent {
  return {
    type: "checkpoint-commit",
    ...OF_S0,
    checkpoint: { sequenceNumber: "1", subSequenceNumber: 0 },
    inherited: false,
    read: 10,
    emitted: 7,
    filtered: 2,
    deadLettered: 1,
    bytes: 700,
    oldestArrivalMs: 1,
    ...more,
  };
}

describe("the progress of a connector", () => {
  it("does not grow with reshards: over 200 of them it lists what is owned and what ended within ten minutes", async () => {
    const fleet = new Fleet(2);
    const taken: number[] = [];
    const emitterOf = (): Emitter<string> => ({
      capabilities: { duplicates: "possible", ordering: "shard" },
      emit: ({ entries }) => {
        taken.push(...entries.map(({ output }) => Number(output)));
        return Promise.resolve({ failed: [] });
      },
    });
    const start = async (): Promise<ProgressTally> => {
      const clocks: Clock[] = [];
      const tallies: ProgressTally[] = [];
      const observe = (event: ConnectorEvent): void => tallies[0]?.count(event);
      const member = fleet.member({
        leases: { failoverTimeMs: 30_000, parentPollMs: 2_000 },
        observe,
        runShard: async (assignment) =>
          await coreEngine(fleet, {
            clock: clocks[0] as Clock,
            emitter: emitterOf(),
            idleMs: 5_000,
            observe,
          })(assignment),
      });
      clocks.push(member.clock);
      const tally = new ProgressTally(member.clock, FACTS);
      tallies.push(tally);
      await fleet.time.until(member.worker.start());
      return tally;
    };
    const tallies = [await start(), await start()];
    let before: readonly ConnectorTotals[] = [];
    let most = 0;
    const ends: number[] = [];
    for (let reshard = 0; reshard < 200; reshard += 1) {
      const open = fleet.stream.openShardIds();
      for (const shardId of open) fleet.stream.put(shardId, 3);
      if (open.length < 3) {
        fleet.stream.split(open[0] as string);
        ends.push(fleet.time.nowMs);
      } else {
        const [one, other] = adjacent(fleet);
        fleet.stream.merge(one, other);
        ends.push(fleet.time.nowMs, fleet.time.nowMs);
      }
      await fleet.time.advance(MINUTE_MS);
      const progresses = tallies.map((tally) => tally.snapshot());
      const listed = progresses.reduce((sum, { shards }) => sum + shards.length, 0);
      const recent = ends.filter((atMs) => fleet.time.nowMs - atMs <= 12 * MINUTE_MS).length;
      // A shard may have just gone from one worker to the other.
      expect(listed).toBeLessThanOrEqual(fleet.stream.openShardIds().length + recent);
      most = Math.max(most, listed);
      const totals = progresses.map((progress) => progress.totals);
      for (const [index, total] of totals.entries()) expect(fallen(total, before[index])).toEqual([]);
      before = totals;
    }
    expect(fleet.stream.shards.length).toBeGreaterThan(250);
    expect(most).toBeLessThan(25);
    await fleet.time.advance(5 * MINUTE_MS);
    const emitted = tallies.map((tally) => tally.snapshot().totals.recordsEmitted);
    expect(emitted.reduce((sum, count) => sum + count, 0)).toBe(fleet.stream.allRecords().length);
    // A batch whose shard was stolen before its commit is emitted again by the thief.
    expect(new Set(taken).size).toBe(fleet.stream.allRecords().length);
    await fleet.stopAll();
    expect(
      tallies.flatMap((tally) => tally.snapshot().shards).filter(({ state }) => state !== "ended"),
    ).toEqual([]);
  });

  it("drops a shard that was given back or lost at once, and keeps its counts in the totals", () => {
    const { tally } = tallying();
    for (const reason of ["stop", "lease-lost", "error"] as const) {
      tally.count({ type: "shard-start", ...OF_S0, checkpoint: undefined, inherited: false });
      tally.count(page());
      tally.count(commit());
      expect(tally.snapshot().shards).toMatchObject([{ shardId: S0, recordsRead: 10, recordsEmitted: 7 }]);
      tally.count({ type: "shard-stop", ...OF_S0, reason });
      expect(tally.snapshot().shards).toEqual([]);
    }
    expect(tally.snapshot()).toMatchObject({
      recordsRead: 30,
      recordsEmitted: 21,
      recordsFiltered: 6,
      deadLetters: 3,
      totals: { recordsRead: 30, bytesRead: 3_000, recordsEmitted: 21, bytesEmitted: 2_100, commits: 3 },
    });
  });

  it("lists a shard that was read to its end for ten minutes, or until its row is deleted", async () => {
    const { time, tally } = tallying();
    for (const shardId of [S0, "shardId-000000000001"]) {
      tally.count({
        type: "shard-start",
        stream: "orders",
        shardId,
        checkpoint: undefined,
        inherited: false,
      });
      tally.count({ type: "shard-end", stream: "orders", shardId, childShardIds: [] });
    }
    expect(tally.snapshot().shards.map(({ state }) => state)).toEqual(["ended", "ended"]);
    tally.count({ type: "lease-delete", shardId: S0 });
    await time.advance(10 * MINUTE_MS - 1);
    expect(tally.snapshot().shards.map(({ shardId }) => shardId)).toEqual(["shardId-000000000001"]);
    await time.advance(1);
    expect(tally.snapshot().shards).toEqual([]);
  });

  it("tells shards that wait for their parents and those that are paused, until they are let go", () => {
    const { tally } = tallying();
    const states = (): unknown[] =>
      tally.snapshot().shards.map(({ state, pausedSinceMs }) => [state, pausedSinceMs]);
    tally.count({ type: "parent-wait", shardId: S0, parentShardIds: ["p"] });
    expect(states()).toEqual([["waiting-for-parent", undefined]]);
    tally.count({ type: "lease-evict", shardId: S0 });
    expect(states()).toEqual([]);
    tally.count({ type: "parent-wait", shardId: S0, parentShardIds: ["p"] });
    tally.count({ type: "shard-start", ...OF_S0, checkpoint: undefined, inherited: false });
    expect(states()).toEqual([["reading", undefined]]);
    tally.count({ type: "shard-pause", shardId: S0, pausedBy: "ops", pausedMs: 5 });
    tally.count({ type: "shard-stop", ...OF_S0, reason: "stop" });
    expect(states()).toEqual([["paused", 5]]);
    tally.count({ type: "shard-resume", shardId: S0 });
    expect(states()).toEqual([]);
    tally.count({ type: "shard-pause", shardId: S0, pausedBy: "ops", pausedMs: 5 });
    tally.count({ type: "lease-lose", shardId: S0, reason: "stolen" });
    expect(states()).toEqual([]);
  });

  it("tells what is buffered, when the last page and commit were, and since when reading fails", async () => {
    const { time, clock, tally } = tallying();
    const shard = () => tally.snapshot().shards[0];
    tally.count({ type: "shard-start", ...OF_S0, checkpoint: undefined, inherited: false });
    expect(shard()).toMatchObject({
      lastPageMs: undefined,
      lastCommitMs: undefined,
      failingSinceMs: undefined,
    });
    await time.advance(1_000);
    tally.count(page());
    expect(shard()).toMatchObject({ bufferedRecords: 7, bufferedBytes: 700, lastPageMs: clock.now() });
    tally.count({ type: "buffer-flush", ...OF_S0, reason: "age", records: 7, bytes: 700 });
    expect(shard()).toMatchObject({ bufferedRecords: 0, bufferedBytes: 0 });
    await time.advance(1_000);
    tally.count(commit());
    expect(shard()).toMatchObject({ lastCommitMs: clock.now(), lastPageMs: clock.now() - 1_000 });
    const failedMs = clock.now();
    const retry = {
      operation: "GetRecords",
      kind: "transient",
      delayMs: 1,
      error: new Error("reset"),
    } as const;
    tally.count({ type: "read-retry", ...OF_S0, ...retry, attempt: 1 });
    await time.advance(5_000);
    tally.count({ type: "read-retry", ...OF_S0, ...retry, attempt: 2 });
    expect(shard()?.failingSinceMs).toBe(failedMs);
    expect(tally.snapshot().isReady).toBe(false);
    tally.count(page());
    expect(shard()?.failingSinceMs).toBeUndefined();
    expect(tally.snapshot().isReady).toBe(true);
  });

  it("is not ready while the lease table is silent, with nothing that fails and no shard left", () => {
    const { tally } = tallying();
    let silentMs = 30_000;
    tally.attach({
      readAheadBytes: () => 0,
      leaseRenewals: () => ({ count: 0, longestUnrenewedMs: 0 }),
      leaseTable: () => ({ lastLookMs: 1, silentMs, limitMs: 30_000 }),
      hasLooked: () => true,
      fleet: () => undefined,
      shardFacts: () => ({ readThroughMs: undefined, retentionLeftMs: undefined }),
      retentionMs: () => undefined,
    });
    expect(tally.snapshot()).toMatchObject({ isReady: true, shards: [] });
    silentMs += 1;
    expect(tally.snapshot()).toMatchObject({ isReady: false, leaseTable: { silentMs, lastLookMs: 1 } });
  });

  it("tells of itself and of its worker", () => {
    const { clock, tally } = tallying();
    expect(tally.snapshot()).toMatchObject({
      ...FACTS,
      startedMs: clock.now(),
      firstLookDone: false,
      isLeader: false,
      fleetMode: undefined,
      readAheadBytes: 0,
      leaseRenewals: { count: 0, longestUnrenewedMs: 0 },
    });
    tally.attach({
      readAheadBytes: () => 12,
      leaseRenewals: () => ({ count: 3, longestUnrenewedMs: 40 }),
      leaseTable: () => ({ lastLookMs: 8, silentMs: 2, limitMs: 30_000 }),
      hasLooked: () => true,
      fleet: () => undefined,
      shardFacts: () => ({ readThroughMs: 5, retentionLeftMs: 6 }),
      retentionMs: () => 7,
    });
    tally.count({ type: "leader-elect", leader: true });
    tally.count({ type: "fleet-mode", mode: "CLIENT_VERSION_3X", taking: false, role: "follower" });
    tally.count({ type: "shard-start", ...OF_S0, checkpoint: undefined, inherited: false });
    expect(tally.snapshot()).toMatchObject({
      firstLookDone: true,
      isLeader: true,
      fleetMode: "CLIENT_VERSION_3X",
      readAheadBytes: 12,
      leaseRenewals: { count: 3, longestUnrenewedMs: 40 },
      shards: [{ readThroughMs: 5, retentionLeftMs: 6 }],
    });
  });
});

/** What is less than it was. */
function fallen(now: ConnectorTotals, before: ConnectorTotals | undefined): string[] {
  const counts: Record<string, number> = { ...before };
  return Object.entries(now).flatMap(([name, count]) => (count < (counts[name] ?? 0) ? [name] : []));
}

/** Two open shards whose hash keys lie beside each other. */
function adjacent({ stream }: Fleet): readonly [string, string] {
  const open = stream.shards
    .filter(({ endingSequenceNumber }) => endingSequenceNumber === undefined)
    .toSorted((a, b) => (BigInt(a.startingHashKey) < BigInt(b.startingHashKey) ? -1 : 1));
  return [open[0]?.shardId ?? "", open[1]?.shardId ?? ""];
}
