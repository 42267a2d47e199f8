import { describe, expect, test } from "vitest";
import { Fleet, type Member } from "../../support/fleet.js";
import { leaseWith } from "../../support/leases.js";
import { shardIdOf } from "../../support/shards.js";
import { MINUTE, S0, expectEverythingOnce, known, leaders, reportAs, row } from "./support.js";

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
