import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { WorkerReport } from "@kinesis-connectors/leases";
import { describe, expect, test } from "vitest";
import { Fleet, type Member } from "../../support/fleet.js";
import { leaseWith } from "../../support/leases.js";
import { shardIdOf } from "../../support/shards.js";

const MINUTE = 60_000;
const FULL = { leases: { mode: "3x" } } as const;

function report(workerId: string, updatedS: number, more: Partial<WorkerReport> = {}): WorkerReport {
  return { workerId, updatedS, metrics: {}, limits: {}, isOurs: false, place: "lease-table", ...more };
}

/** Wall-clock seconds of a worker whose clock is right. */
function nowS(fleet: Fleet): number {
  return Math.floor((fleet.time.nowMs + 1_767_225_600_000) / 1_000);
}

/** A worker whose wall clock is off by so much. */
async function startedOff(fleet: Fleet, offMs: number): Promise<Member> {
  const member = fleet.member(FULL);
  member.clock.wallShiftMs += offMs;
  await fleet.time.until(member.worker.start());
  await fleet.time.advance(1);
  return member;
}

const held = (members: readonly Member[]): readonly number[] =>
  members.map((member) => member.heldShardIds().length);

describe("clocks that are off", () => {
  test.each([
    ["a worker's is late", [0, -5 * MINUTE]],
    ["a worker's is early", [0, 5 * MINUTE]],
    ["the leader's is late", [-5 * MINUTE, 0]],
    ["the leader's is early", [5 * MINUTE, 0]],
    ["all are off, by hours", [-60 * MINUTE, 0, 60 * MINUTE]],
  ])("%s: every worker gets its share all the same (K24)", async (_what, offs) => {
    const fleet = new Fleet(6);
    const members: Member[] = [];
    for (const offMs of offs) members.push(await startedOff(fleet, offMs));
    await fleet.time.advance(3 * MINUTE);
    expect(held(members)).toEqual(members.map(() => 6 / members.length));
    await fleet.stopAll();
  });

  test("a fleet is upgraded although an owner's clock is off", async () => {
    const fleet = new Fleet(2);
    const members = [fleet.member(), fleet.member()];
    members[1]!.clock.wallShiftMs -= 10 * MINUTE;
    for (const { worker } of members) await fleet.time.until(worker.start());
    await fleet.time.advance(MINUTE);
    fleet.leases.fleetMode = "CLIENT_VERSION_UPGRADE_FROM_2X";
    await fleet.time.advance(14 * MINUTE);
    expect(fleet.leases.fleetMode).toBe("CLIENT_VERSION_3X_WITH_ROLLBACK");
    await fleet.stopAll();
  });
});

describe("reports of nobody", () => {
  test("one that says it was written in a thousand years gets no shards for good, once it has been seen to stand still", async () => {
    const fleet = new Fleet(4);
    fleet.leases.reports.set("ghost", report("ghost", 32_503_680_000, { isOurs: true }));
    fleet.leases.reports.set("huge", report("huge", 1e30));
    const members = [await fleet.started(FULL), await fleet.started(FULL)];
    await fleet.time.advance(4 * MINUTE);
    expect(held(members)).toEqual([2, 2]);
    const before = members.flatMap((member) => member.eventsOf("lease-assign")).length;
    await fleet.time.advance(10 * MINUTE);
    expect(members.flatMap((member) => member.eventsOf("lease-assign"))).toHaveLength(before);
    await fleet.stopAll();
  });

  test("a KCL worker's from the future does not keep a leader from following one that died", async () => {
    const fleet = new Fleet(2);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    fleet.leases.reports.set("java", report("java", nowS(fleet) + 86_400));
    fleet.leases.leaderLock = { ownerId: "java", version: "1", leaseMs: 120_000, isReleased: false };
    const member = await fleet.started();
    // Its lock runs out, and its report has been seen to stand still: the four minutes that are a KCL worker's are not waited for.
    await fleet.time.advance(200_000);
    expect(member.eventsOf("leader-elect")).toEqual([{ type: "leader-elect", leader: true }]);
    await fleet.stopAll();
  });

  test("those of our workers that were killed are deleted after ten minutes: a fleet that crashes all day does not fill the table", async () => {
    const fleet = new Fleet(1);
    const member = await fleet.started(FULL);
    for (let index = 0; index < 50; index += 1)
      fleet.leases.reports.set(
        `killed ${index}`,
        report(`killed ${index}`, nowS(fleet) - index, { isOurs: true }),
      );
    fleet.leases.reports.set("java", report("java", nowS(fleet)));
    await fleet.time.advance(12 * MINUTE);
    expect([...fleet.leases.reports.keys()].toSorted()).toEqual(["java", member.worker.ownerId].toSorted());
    await fleet.stopAll();
  });

  test("a worker that is stopped while it starts leaves no report behind", async () => {
    const fleet = new Fleet(1);
    const leader = await fleet.started(FULL);
    const late = fleet.member({ ...FULL, latencyMs: 200 });
    const starting = late.worker.start();
    for (let step = 0; step < 60; step += 1) {
      await fleet.time.advance(10);
      if (step === 20) void late.worker.stop();
    }
    await fleet.time.until(starting);
    await fleet.time.until(late.worker.stop());
    await fleet.time.advance(2_000);
    expect([...fleet.leases.reports.keys()]).toEqual([leader.worker.ownerId]);
    await fleet.stopAll();
  });
});

test("a worker that is given 400 shards at once on a slow table takes all of them up in time", async () => {
  const fleet = new Fleet(1);
  fleet.leases.fleetMode = "CLIENT_VERSION_3X";
  const member = await fleet.started({ ownerId: "me:1", latencyMs: 60, leases: { mode: "auto" } });
  for (let index = 0; index < 400; index += 1)
    fleet.leases.rows.set(shardIdOf(index), leaseWith(shardIdOf(index), { owner: "me:1", counter: 1 }));
  fleet.leases.leaderLock = { ownerId: "java", version: "1", leaseMs: 120_000, isReleased: false };
  // Half a failover time until it looks, and as long for the rows.
  await fleet.time.advance(10_000);
  expect(member.heldShardIds()).toHaveLength(400);
  await fleet.stopAll();
});

test("a leader that dies is missed after three failover times, and after 30 s at the latest", async () => {
  for (const [failoverTimeMs, soonMs, lateMs] of [
    [2_000, 5_000, 8_500],
    [10_000, 28_000, 42_000],
    [30_000, 28_000, 52_000],
  ] as const) {
    const fleet = new Fleet(2);
    const leases = { mode: "3x", failoverTimeMs } as const;
    const first = await fleet.started({ leases });
    await fleet.time.advance(1_000);
    const second = await fleet.started({ leases });
    await fleet.time.advance(2 * MINUTE);
    first.clock.pause();
    await fleet.time.advance(soonMs - failoverTimeMs / 2);
    expect(second.eventsOf("leader-elect")).toEqual([]);
    await fleet.time.advance(lateMs - soonMs + failoverTimeMs / 2);
    expect(second.eventsOf("leader-elect")).toEqual([{ type: "leader-elect", leader: true }]);
    first.clock.resume();
    await fleet.stopAll();
  }
});

test("a leader that lacks a right gives its place back at once", async () => {
  const fleet = new Fleet(2);
  let isDenied = false;
  const first = await fleet.started({
    ...FULL,
    intercept: ({ operation }) => {
      if (isDenied && operation === "reports")
        throw new KinesisConnectorError("KC_LEASE_TABLE", "allow dynamodb:Scan on the table");
      return undefined;
    },
  });
  await fleet.time.advance(1_000);
  const second = await fleet.started(FULL);
  await fleet.time.advance(20_000);
  isDenied = true;
  await fleet.time.advance(12_000);
  expect(fleet.leases.leaderLock?.ownerId).toBe(second.worker.ownerId);
  expect(first.eventsOf("leader-elect").at(-1)).toEqual({ type: "leader-elect", leader: false });
  await fleet.stopAll();
});

test('a worker with leases.mode "3x" in a fleet that is not in 3.x mode says so', async () => {
  const fleet = new Fleet(1);
  fleet.leases.fleetMode = "CLIENT_VERSION_2X";
  const member = await fleet.started(FULL);
  expect(member.warnings.filter((text) => text.includes('leases.mode is "3x"'))).toHaveLength(1);
  await fleet.stopAll();
});

test("200 shards and five workers: all are read within half a minute, even within two, and nothing moves that need not", async () => {
  const fleet = new Fleet(200);
  const members: Member[] = [];
  for (let index = 0; index < 5; index += 1) members.push(await fleet.started({ ...FULL, latencyMs: 60 }));
  await fleet.time.advance(MINUTE / 2);
  expect(held(members).reduce((sum, count) => sum + count, 0)).toBe(200);
  await fleet.time.advance(1.5 * MINUTE);
  for (const count of held(members)) expect(Math.abs(count - 40)).toBeLessThanOrEqual(4);
  const takes = (): number => members.flatMap((member) => member.eventsOf("lease-take")).length;
  const settled = takes();
  // Each once, and once more what the first of them had to give away.
  expect(settled).toBeLessThanOrEqual(200 + 160);
  await fleet.time.advance(5 * MINUTE);
  expect(takes()).toBe(settled);
  expect(members.flatMap((member) => member.eventsOf("lease-lose"))).toEqual([]);
  await fleet.stopAll();
});

test("workers that come and go every five seconds take no more from the others than what they are given for the balance", async () => {
  const fleet = new Fleet(8);
  const members = [await fleet.started({ ...FULL, latencyMs: 20 }), await fleet.started(FULL)];
  await fleet.time.advance(2 * MINUTE);
  const before = members.flatMap((member) => member.eventsOf("lease-take")).length;
  for (let index = 0; index < 12; index += 1) {
    const guest = await fleet.started({ ...FULL, latencyMs: 20 });
    await fleet.time.advance(5_000);
    await fleet.time.until(guest.worker.stop());
    await fleet.time.advance(1_000);
  }
  await fleet.time.advance(MINUTE);
  expect(held(members)).toEqual([4, 4]);
  const back = members.flatMap((member) => member.eventsOf("lease-take")).length - before;
  // Every 30 s the fleet is balanced: at most the share of the guest that is there then.
  expect(back).toBeLessThanOrEqual(3 * 4);
  expect(members.flatMap((member) => member.eventsOf("lease-lose"))).toEqual([]);
  await fleet.stopAll();
});
