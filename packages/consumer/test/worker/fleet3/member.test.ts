import type { Lease } from "@kinesis-connectors/leases";
import { describe, expect, test } from "vitest";
import { Fleet, type Member } from "../../support/fleet.js";
import { leaseWith } from "../../support/leases.js";
import { shardIdOf } from "../../support/shards.js";

const MINUTE = 60_000;
const S0 = shardIdOf(0);

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it is not there");
  return value;
}

function row(fleet: Fleet, shardId: string = S0): Lease {
  return known(fleet.leases.rows.get(shardId));
}

/** A KCL worker that leads the fleet and reports, as the rows show it. */
function java(fleet: Fleet): { readonly stop: () => void } {
  let isStopped = false;
  let version = 0;
  const tick = (): void => {
    if (isStopped) return;
    version += 1;
    fleet.leases.leaderLock = { ownerId: "java", version: `${version}`, leaseMs: 120_000, isReleased: false };
    reportAs(fleet, "java", false);
    for (const [key, lease] of fleet.leases.rows)
      if ((lease.checkpointOwner ?? lease.owner) === "java")
        fleet.leases.rows.set(key, { ...lease, counter: lease.counter + 1 });
    fleet.time.setTimer(3_000, tick);
  };
  tick();
  return {
    stop: () => {
      isStopped = true;
    },
  };
}

function reportAs(fleet: Fleet, workerId: string, isOurs: boolean): void {
  const updatedS = Math.floor((fleet.time.nowMs + 1_767_225_600_000) / 1_000);
  fleet.leases.reports.set(workerId, {
    workerId,
    updatedS,
    metrics: {},
    limits: {},
    isOurs,
    place: "lease-table",
  });
}

/** What every fleet owes at the end: each record once, and no more than one leader. */
function expectEverythingOnce(fleet: Fleet): void {
  expect(fleet.destination.duplicates()).toEqual([]);
  expect(fleet.destination.order.toSorted()).toEqual(fleet.stream.allRecords().toSorted());
}

function leaders(members: readonly Member[]): readonly Member[] {
  return members.filter(({ worker }) => worker.ownerId === row0Leader(members));
}

function row0Leader(members: readonly Member[]): string | undefined {
  for (const member of members) {
    const last = member.eventsOf("leader-elect").at(-1);
    if (last?.type === "leader-elect" && last.leader && !member.clock.isPaused) return member.worker.ownerId;
  }
  return undefined;
}

describe("a follower in a fleet that a KCL worker leads", () => {
  test("reports, takes nothing by itself, and takes up what it is given once the old owner has let go", async () => {
    const fleet = new Fleet(2);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    fleet.leases.rows.set(S0, leaseWith(S0, { owner: "java", counter: 5 }));
    const leader = java(fleet);
    fleet.stream.put(S0, 20);
    const member = await fleet.started();
    const { ownerId } = member.worker;
    expect(fleet.leases.reports.get(ownerId)).toMatchObject({ metrics: {}, limits: {}, isOurs: true });
    await fleet.time.advance(MINUTE);
    expect(member.heldShardIds()).toEqual([]);
    fleet.leases.rows.set(S0, { ...row(fleet), owner: ownerId, checkpointOwner: "java" });
    await fleet.time.advance(20_000);
    expect(member.heldShardIds()).toEqual([]);
    fleet.leases.rows.set(S0, { ...row(fleet), owner: ownerId, checkpointOwner: undefined, counter: 90 });
    await fleet.time.advance(6_000);
    expect(member.heldShardIds()).toEqual([S0]);
    expect(member.eventsOf("lease-take")).toEqual([
      { type: "lease-take", shardId: S0, from: undefined, steal: false, assigned: true },
    ]);
    await fleet.time.advance(MINUTE);
    expect(row(fleet).throughputKBps).toBeGreaterThanOrEqual(0);
    expect(member.eventsOf("leader-elect")).toEqual([]);
    expectEverythingOnce(fleet);
    leader.stop();
    await fleet.stopAll();
    expect(fleet.leases.reports.has(ownerId)).toBe(false);
  });

  test("without the index of owners it finds what it is given by looking at the whole table (K15)", async () => {
    const fleet = new Fleet(1);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    fleet.leases.hasIndex = false;
    const leader = java(fleet);
    const member = await fleet.started({ ownerId: "me:1" });
    fleet.leases.rows.set(S0, leaseWith(S0, { owner: "me:1", counter: 1 }));
    await fleet.time.advance(6_000);
    expect(member.heldShardIds()).toEqual([S0]);
    leader.stop();
    await fleet.stopAll();
  });

  test("told to hand over it commits what is in flight and gives the lease on; nothing is read by two", async () => {
    const fleet = new Fleet(1);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    fleet.leases.rows.set(S0, leaseWith(S0, { owner: "me:1", counter: 1 }));
    const leader = java(fleet);
    fleet.stream.put(S0, 200);
    const member = await fleet.started({ ownerId: "me:1" });
    await fleet.time.advance(3_000);
    fleet.leases.rows.set(S0, { ...row(fleet), owner: "java", checkpointOwner: "me:1" });
    await fleet.time.advance(5_000);
    const given = row(fleet);
    expect(given).toMatchObject({ owner: "java", checkpointOwner: undefined, pending: undefined });
    expect(fleet.destination.order.at(-1)).toBe(
      typeof given.checkpoint === "object" ? given.checkpoint.sequenceNumber : "none",
    );
    expect(member.eventsOf("lease-handoff")).toEqual([{ type: "lease-handoff", shardId: S0, to: "java" }]);
    expect(member.eventsOf("lease-lose")).toEqual([]);
    const landed = fleet.destination.order.length;
    await fleet.time.advance(MINUTE);
    expect(fleet.destination.order.length).toBe(landed);
    leader.stop();
    await fleet.stopAll();
  });

  test("a shard that does not end in time is given on unfinished, with what was prepared in its row", async () => {
    const fleet = new Fleet(1);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    fleet.leases.rows.set(S0, leaseWith(S0, { owner: "me:1", counter: 1 }));
    const leader = java(fleet);
    await fleet.started({
      ownerId: "me:1",
      runShard: ({ abortSignal }) =>
        new Promise((_, reject) => {
          abortSignal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
        }),
    });
    await fleet.time.advance(3_000);
    fleet.leases.rows.set(S0, { ...row(fleet), owner: "java", checkpointOwner: "me:1" });
    await fleet.time.advance(30_000);
    expect(row(fleet)).toMatchObject({ owner: "java", checkpointOwner: "me:1" });
    await fleet.time.advance(5_000);
    expect(row(fleet)).toMatchObject({ owner: "java", checkpointOwner: undefined });
    leader.stop();
    await fleet.stopAll();
  });

  test.each([true, false])(
    "sees a pause and its end within half a failover time, with an index of owners: %s",
    async (hasIndex) => {
      const fleet = new Fleet(1);
      fleet.leases.fleetMode = "CLIENT_VERSION_3X";
      fleet.leases.hasIndex = hasIndex;
      fleet.leases.rows.set(S0, leaseWith(S0, { owner: "me:1", counter: 1 }));
      const leader = java(fleet);
      const member = await fleet.started({ ownerId: "me:1" });
      for (let round = 1; round <= 10; round += 1) {
        await fleet.time.advance(23_000 + round * 700);
        await fleet.leases.connect().describe(S0, { pausedMs: 5, pausedBy: "somebody" });
        // Half of it, a tenth later at most, and what the stop of an engine takes.
        await fleet.time.advance(6_000);
        expect(member.eventsOf("shard-pause")).toHaveLength(round);
        await fleet.leases.connect().describe(S0, { pausedMs: null, pausedBy: null, pauseDoneMs: null });
        await fleet.time.advance(6_000);
        expect(member.eventsOf("shard-resume")).toHaveLength(round);
      }
      leader.stop();
      await fleet.stopAll();
    },
  );

  test("a paused shard is handed over like any other, and stays paused", async () => {
    const fleet = new Fleet(1);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    fleet.leases.rows.set(
      S0,
      leaseWith(S0, { owner: "me:1", counter: 1, pausedMs: 5, pausedBy: "somebody" }),
    );
    const leader = java(fleet);
    fleet.stream.put(S0, 10);
    const member = await fleet.started({ ownerId: "me:1" });
    await fleet.time.advance(15_000);
    expect([member.heldShardIds(), fleet.destination.order]).toEqual([[S0], []]);
    fleet.leases.rows.set(S0, { ...row(fleet), owner: "java", checkpointOwner: "me:1" });
    await fleet.time.advance(8_000);
    expect(row(fleet)).toMatchObject({ owner: "java", checkpointOwner: undefined, pausedMs: 5 });
    expect(fleet.destination.order).toEqual([]);
    leader.stop();
    await fleet.stopAll();
  });

  test("K12 K14 a finished shard and one that waits for its parent are given on at once", async () => {
    const fleet = new Fleet(1);
    const [parent, child, ended] = [S0, "shardId-child", "shardId-ended"];
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    fleet.leases.rows.set(parent, leaseWith(parent, { owner: "java", counter: 1 }));
    fleet.leases.rows.set(child, leaseWith(child, { owner: "me:1", counter: 1, parentShardIds: [parent] }));
    fleet.leases.rows.set(
      ended,
      leaseWith(ended, { owner: "me:1", counter: 1, checkpoint: "SHARD_END", childShardIds: [child] }),
    );
    const leader = java(fleet);
    const member = await fleet.started({ ownerId: "me:1" });
    await fleet.time.advance(5_000);
    expect(member.heldShardIds()).toEqual([child, ended].toSorted());
    for (const key of [child, ended])
      fleet.leases.rows.set(key, { ...row(fleet, key), owner: "java", checkpointOwner: "me:1" });
    await fleet.time.advance(6_000);
    for (const key of [child, ended])
      expect(row(fleet, key)).toMatchObject({ owner: "java", checkpointOwner: undefined });
    expect(member.heldShardIds()).toEqual([]);
    leader.stop();
    await fleet.stopAll();
  });

  test("K25 the last KCL worker dies: one of ours leads when its lock has run out, and everything is read", async () => {
    const fleet = new Fleet(4);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    for (let index = 0; index < 4; index += 1) {
      fleet.leases.rows.set(shardIdOf(index), leaseWith(shardIdOf(index), { owner: "java", counter: 3 }));
      fleet.stream.put(shardIdOf(index), 30);
    }
    const leader = java(fleet);
    const members = [await fleet.started(), await fleet.started()];
    await fleet.time.advance(MINUTE);
    leader.stop();
    await fleet.time.advance(110_000);
    expect(members.flatMap((member) => member.heldShardIds())).toEqual([]);
    await fleet.time.advance(50_000);
    expect(members.map((member) => member.heldShardIds().length)).toEqual([2, 2]);
    expect(leaders(members)).toHaveLength(1);
    await fleet.time.advance(MINUTE);
    expectEverythingOnce(fleet);
    await fleet.stopAll();
  });

  test("while other KCL workers report, their leader's lock is left to them for longer; then ours leads", async () => {
    const fleet = new Fleet(1);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    fleet.leases.leaderLock = { ownerId: "java", version: "1", leaseMs: 120_000, isReleased: false };
    fleet.leases.rows.set(S0, leaseWith(S0, { counter: 3 }));
    const report = (): void => {
      reportAs(fleet, "another java", false);
      fleet.time.setTimer(20_000, report);
    };
    report();
    const member = await fleet.started();
    await fleet.time.advance(235_000);
    expect(member.eventsOf("leader-elect")).toEqual([]);
    await fleet.time.advance(30_000);
    expect(member.eventsOf("leader-elect")).toEqual([{ type: "leader-elect", leader: true }]);
    await fleet.stopAll();
  });

  test("while the fleet moves into one table a worker that cannot drive that neither leads nor goes on leading", async () => {
    const fleet = new Fleet(1);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    fleet.leases.tableMigration = "DEPLOYED";
    fleet.leases.rows.set(S0, leaseWith(S0));
    const member = await fleet.started();
    await fleet.time.advance(MINUTE);
    expect(fleet.leases.leaderLock).toBeUndefined();
    fleet.leases.tableMigration = undefined;
    await fleet.time.advance(90_000);
    expect(fleet.leases.leaderLock?.ownerId).toBe(member.worker.ownerId);
    fleet.leases.tableMigration = "INIT";
    await fleet.time.advance(90_000);
    expect(fleet.leases.leaderLock).toBeUndefined();
    expect(member.heldShardIds()).toEqual([S0]);
    await fleet.stopAll();
  });
});

describe("a fleet of our workers in 3.x mode", () => {
  async function start(shards: number, count: number): Promise<{ fleet: Fleet; members: Member[] }> {
    const fleet = new Fleet(shards);
    const members: Member[] = [];
    for (let index = 0; index < count; index += 1)
      members.push(await fleet.started({ leases: { mode: "3x" }, latencyMs: 20 }));
    return { fleet, members };
  }

  test("begins 3.x mode where no fleet is yet, elects one leader, and shares the shards evenly", async () => {
    const { fleet, members } = await start(12, 3);
    expect(fleet.leases.fleetMode).toBe("CLIENT_VERSION_3X");
    await fleet.time.advance(MINUTE);
    expect(members.map((member) => member.heldShardIds().length)).toEqual([4, 4, 4]);
    expect(leaders(members)).toHaveLength(1);
    for (let index = 0; index < 12; index += 1) fleet.stream.put(shardIdOf(index), 20);
    await fleet.time.advance(MINUTE);
    expectEverythingOnce(fleet);
    await fleet.stopAll();
    expect([fleet.leases.leaderLock, fleet.leases.reports.size]).toEqual([undefined, 0]);
  });

  test("throughput is even within a tenth three minutes after the load came, whatever shard it came to", async () => {
    const { fleet, members } = await start(16, 4);
    await fleet.time.advance(30_000);
    const perSecond = [9, 8, 7, 6, 5, 4, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1];
    const feed = (): void => {
      perSecond.forEach((count, index) => fleet.stream.put(shardIdOf(index), count));
      fleet.time.setTimer(1_000, feed);
    };
    feed();
    await fleet.time.advance(3 * MINUTE);
    const sums = members.map((member) =>
      member.heldShardIds().reduce((sum, id) => sum + (perSecond[Number(id.slice(-12))] ?? 0), 0),
    );
    const average = perSecond.reduce((sum, count) => sum + count, 0) / members.length;
    for (const sum of sums) expect(Math.abs(sum - average)).toBeLessThanOrEqual(average * 0.1 + 0.01);
    expect(fleet.destination.duplicates()).toEqual([]);
    await fleet.stopAll();
  });

  test("a worker that dies gets nothing back; its shards go on elsewhere within three failover times", async () => {
    const { fleet, members } = await start(8, 3);
    // Not right after a report, with which it counts as there for longer.
    await fleet.time.advance(MINUTE + 5_000);
    const victim = known(members.find((member) => !leaders(members).includes(member)));
    victim.clock.pause();
    await fleet.time.advance(30_000);
    const living = members.filter((member) => member !== victim);
    expect(living.flatMap((member) => member.heldShardIds())).toHaveLength(8);
    await fleet.time.advance(5 * MINUTE);
    expect(living.flatMap((member) => member.heldShardIds())).toHaveLength(8);
    for (const { owner } of fleet.leases.rows.values()) expect(owner).not.toBe(victim.worker.ownerId);
    victim.clock.resume();
    await fleet.time.advance(2 * MINUTE);
    expect(members.every((member) => member.heldShardIds().length >= 2)).toBe(true);
    await fleet.stopAll();
  });

  test("the leader dies with records in flight: another leads once the lock has run out, and every record lands once", async () => {
    const { fleet, members } = await start(6, 3);
    await fleet.time.advance(MINUTE);
    for (let index = 0; index < 6; index += 1) fleet.stream.put(shardIdOf(index), 100);
    await fleet.time.advance(2_000);
    const [leader] = leaders(members);
    leader?.clock.pause();
    await fleet.time.advance(75_000);
    const living = members.filter((member) => member !== leader);
    expect(leaders(living)).toHaveLength(1);
    expect(living.flatMap((member) => member.heldShardIds())).toHaveLength(6);
    leader?.clock.resume();
    await fleet.time.advance(3 * MINUTE);
    expect(leaders(members)).toHaveLength(1);
    expectEverythingOnce(fleet);
    await fleet.stopAll();
  });

  test("the leader is stopped: its lock is given back, and its shards go on within a failover time", async () => {
    const { fleet, members } = await start(6, 2);
    await fleet.time.advance(MINUTE);
    const [leader] = leaders(members);
    await fleet.time.until(known(leader).worker.stop());
    await fleet.time.advance(15_000);
    const other = members.find((member) => member !== leader);
    expect(other?.heldShardIds()).toHaveLength(6);
    expect(leaders(members.filter((member) => member !== leader))).toEqual([other]);
    await fleet.stopAll();
  });

  test("reshards are read through: children get owners, and every record lands once", async () => {
    const { fleet } = await start(2, 2);
    await fleet.time.advance(30_000);
    fleet.stream.put(S0, 30);
    const children = fleet.stream.split(S0);
    for (const { shardId } of children) fleet.stream.put(shardId, 30);
    await fleet.time.advance(2 * MINUTE);
    expectEverythingOnce(fleet);
    expect(fleet.leases.rows.get(S0)?.checkpoint ?? "SHARD_END").toBe("SHARD_END");
    await fleet.stopAll();
  });

  test("rolled back to 2.x every worker takes its share by itself again, also what was on its way to another", async () => {
    const { fleet, members } = await start(6, 2);
    await fleet.time.advance(MINUTE);
    const key = known(members[0]?.heldShardIds()[0]);
    fleet.leases.fleetMode = "CLIENT_VERSION_2X";
    fleet.leases.rows.set(key, {
      ...row(fleet, key),
      owner: "gone",
      checkpointOwner: members[0]?.worker.ownerId,
    });
    await fleet.time.advance(3 * MINUTE);
    expect(members.map((member) => member.heldShardIds().length)).toEqual([3, 3]);
    expect(row(fleet, key).checkpointOwner).toBeUndefined();
    expect(fleet.leases.leaderLock).toBeUndefined();
    await fleet.stopAll();
  });

  test("an old owner that renews and never lets go is given its time, then the next owner gets the shard all the same", async () => {
    const { fleet, members } = await start(1, 1);
    await fleet.time.advance(5_000);
    const owner = members[0]?.worker.ownerId;
    fleet.leases.rows.set(
      "shardId-x",
      leaseWith("shardId-x", { owner, checkpointOwner: "stubborn", counter: 4 }),
    );
    const renew = (): void => {
      const seen = row(fleet, "shardId-x");
      if (seen.checkpointOwner !== "stubborn") return;
      fleet.leases.rows.set("shardId-x", { ...seen, counter: seen.counter + 1 });
      fleet.time.setTimer(3_000, renew);
    };
    renew();
    await fleet.time.advance(38_000);
    expect(members[0]?.heldShardIds()).not.toContain("shardId-x");
    await fleet.time.advance(20_000);
    expect(members[0]?.heldShardIds()).toContain("shardId-x");
    await fleet.stopAll();
  });

  test("K11 K13 a handoff whose both ends are gone is ended by the leader", async () => {
    const { fleet, members } = await start(2, 1);
    await fleet.time.advance(30_000);
    fleet.leases.rows.set(
      "shardId-x",
      leaseWith("shardId-x", { owner: members[0]?.worker.ownerId, checkpointOwner: "dead", counter: 4 }),
    );
    fleet.leases.rows.set(
      "shardId-y",
      leaseWith("shardId-y", { owner: "dead", checkpointOwner: "dead too", counter: 4 }),
    );
    await fleet.time.advance(40_000);
    expect(members[0]?.heldShardIds()).toHaveLength(4);
    await fleet.stopAll();
  });

  test("reports that are a day old are deleted by the leader", async () => {
    const { fleet } = await start(1, 1);
    reportAs(fleet, "long gone", true);
    fleet.leases.reports.set("long gone", {
      ...fleet.leases.reports.get("long gone")!,
      updatedS: 1_767_225_600 - 90_000,
    });
    reportAs(fleet, "just gone", true);
    await fleet.time.advance(MINUTE);
    expect(fleet.leases.reports.has("long gone")).toBe(false);
    expect(fleet.leases.reports.has("just gone")).toBe(true);
    await fleet.stopAll();
  });

  test("K16 a leader that cannot assign for three looks gives its place to another", async () => {
    const fleet = new Fleet(2);
    let isBroken = false;
    const first = await fleet.started({
      leases: { mode: "3x" },
      intercept: ({ operation }) => (isBroken && operation === "reports" ? { type: "fail" } : undefined),
    });
    await fleet.time.advance(1_000);
    const second = await fleet.started({ leases: { mode: "3x" } });
    await fleet.time.advance(MINUTE);
    expect(leaders([first, second])).toEqual([first]);
    isBroken = true;
    await fleet.time.advance(MINUTE);
    expect(leaders([first, second])).toEqual([second]);
    await fleet.stopAll();
  });

  test("a missing right makes a passenger of a worker, which says what to allow, goes on reading, and joins when it is there", async () => {
    const { fleet } = await start(2, 1);
    await fleet.time.advance(30_000);
    let isDenied = true;
    const { KinesisConnectorError } = await import("@kinesis-connectors/core");
    const late = await fleet.started({
      intercept: ({ operation }) => {
        if (isDenied && operation === "report")
          throw new KinesisConnectorError("KC_LEASE_TABLE", "allow dynamodb:UpdateItem on the table");
        return undefined;
      },
    });
    await fleet.time.advance(MINUTE);
    expect(late.eventsOf("fleet-mode").at(-1)).toMatchObject({ role: "passenger" });
    expect(late.warnings.some((text) => text.includes("cannot take part"))).toBe(true);
    isDenied = false;
    await fleet.time.advance(3 * MINUTE);
    expect(late.eventsOf("fleet-mode").at(-1)).toMatchObject({ role: "follower" });
    expect(late.heldShardIds()).toHaveLength(1);
    await fleet.stopAll();
  });
});

describe("the way from 2.x", () => {
  test("while a fleet is upgraded its workers report and take by themselves; when all owners have reported for ten minutes it goes over", async () => {
    const fleet = new Fleet(4);
    const members = [await fleet.started(), await fleet.started()];
    await fleet.time.advance(MINUTE);
    expect(fleet.leases.reports.size).toBe(0);
    fleet.leases.fleetMode = "CLIENT_VERSION_UPGRADE_FROM_2X";
    await fleet.time.advance(8 * MINUTE);
    expect(fleet.leases.reports.size).toBe(2);
    expect(members.map((member) => member.heldShardIds().length)).toEqual([2, 2]);
    expect(fleet.leases.fleetMode).toBe("CLIENT_VERSION_UPGRADE_FROM_2X");
    await fleet.time.advance(6 * MINUTE);
    expect(fleet.leases.fleetMode).toBe("CLIENT_VERSION_3X_WITH_ROLLBACK");
    await fleet.time.advance(3 * MINUTE);
    expect(members.map((member) => member.eventsOf("fleet-mode").at(-1))).toEqual(
      members.map(() => ({
        type: "fleet-mode",
        mode: "CLIENT_VERSION_3X_WITH_ROLLBACK",
        taking: false,
        role: "follower",
      })),
    );
    expect(members.map((member) => member.heldShardIds().length)).toEqual([2, 2]);
    await fleet.stopAll();
  });

  test.each([
    ["an owner that does not report", (fleet: Fleet) => void fleet.started({ leases: { mode: "2x" } })],
    ["no index of owners", (fleet: Fleet) => void (fleet.leases.hasIndex = false)],
  ])("K19 with %s a fleet stays in 2.x", async (_, arrange) => {
    const fleet = new Fleet(4);
    arrange(fleet);
    await fleet.started();
    await fleet.time.advance(MINUTE);
    fleet.leases.fleetMode = "CLIENT_VERSION_UPGRADE_FROM_2X";
    await fleet.time.advance(30 * MINUTE);
    expect(fleet.leases.fleetMode).toBe("CLIENT_VERSION_UPGRADE_FROM_2X");
    await fleet.stopAll();
  });

  test('a worker with leases.mode "3x" ends the time in which the fleet could be rolled back, and leaves an upgrade that is under way alone', async () => {
    for (const [before, after] of [
      ["CLIENT_VERSION_3X_WITH_ROLLBACK", "CLIENT_VERSION_3X"],
      ["CLIENT_VERSION_UPGRADE_FROM_2X", "CLIENT_VERSION_UPGRADE_FROM_2X"],
      ["CLIENT_VERSION_2X", "CLIENT_VERSION_2X"],
    ]) {
      const fleet = new Fleet(1);
      fleet.leases.fleetMode = before;
      await fleet.started({ leases: { mode: "3x" } });
      expect(fleet.leases.fleetMode).toBe(after);
      await fleet.stopAll();
    }
  });
});
