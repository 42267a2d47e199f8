import { describe, expect, test } from "vitest";
import { Fleet } from "../../support/fleet.js";
import { leaseWith } from "../../support/leases.js";
import { shardIdOf } from "../../support/shards.js";
import { MINUTE, S0, expectEverythingOnce, java, leaders, reportAs, row } from "./support.js";

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
