import type { Lease } from "@kinesis-connectors/leases";
import { describe, expect, test } from "vitest";
import { Fleet, type Member, type MemberOptions } from "../../support/fleet.js";
import { leaseWith } from "../../support/leases.js";
import { shardIdOf } from "../../support/shards.js";

const MINUTE = 60_000;

interface JavaOptions {
  readonly leads?: boolean;
  /** Percent of the CPU by the number of its leases; undefined: it measures nothing. */
  readonly cpu?: ((leases: number) => number) | undefined;
}

/** A KCL worker as its rows show it: renews, reports, hands over what it is told to, and leads if it is to. */
function java(fleet: Fleet, workerId: string, { leads = false, cpu }: JavaOptions): { stop: () => void } {
  const { leases, time } = fleet;
  let isStopped = false;
  let ticks = 0;
  let values: readonly number[] = [];
  const has = ({ owner, checkpointOwner }: Lease): boolean => (checkpointOwner ?? owner) === workerId;
  const tick = (): void => {
    if (isStopped) return;
    ticks += 1;
    if (leads)
      leases.leaderLock = { ownerId: workerId, version: `${ticks}`, leaseMs: 120_000, isReleased: false };
    for (const [key, lease] of leases.rows)
      if (has(lease))
        leases.rows.set(key, { ...lease, counter: lease.counter + 1, checkpointOwner: undefined });
    if (ticks % 10 === 1) {
      if (cpu !== undefined)
        values = [...values, cpu([...leases.rows.values()].filter(has).length)].slice(-10);
      leases.reports.set(workerId, {
        workerId,
        updatedS: Math.floor((time.nowMs + 1_767_225_600_000) / 1_000),
        metrics: cpu === undefined ? {} : { C: values },
        limits: cpu === undefined ? {} : { C: 100 },
        isOurs: false,
        place: "own-table",
      });
    }
    time.setTimer(3_000, tick);
  };
  tick();
  return {
    stop: () => {
      isStopped = true;
    },
  };
}

function byShards(shards: number): number {
  return 5 + 8 * shards;
}

function led(shards: number): Fleet {
  const fleet = new Fleet(shards);
  fleet.leases.fleetMode = "CLIENT_VERSION_3X";
  return fleet;
}

/** A worker of ours that is as busy as it has shards. */
async function started(fleet: Fleet, options: MemberOptions = {}): Promise<Member> {
  let member: Member | undefined;
  const measureCpu = (): Promise<number> => Promise.resolve(byShards(member?.heldShardIds().length ?? 0));
  member = await fleet.started({ measureCpu, ...options });
  return member;
}

function reportOf(fleet: Fleet, { worker }: Member): { readonly metrics: unknown; readonly limits: unknown } {
  const { metrics, limits } = fleet.leases.reports.get(worker.ownerId) ?? {};
  return { metrics, limits };
}

const NOTHING = { metrics: {}, limits: {} };

describe("what a worker reports of its CPU", () => {
  test("nothing at first, then its use for each half minute, as long as KCL workers tell theirs; the last ten are kept", async () => {
    const fleet = led(2);
    const other = java(fleet, "java", { leads: true, cpu: () => 30 });
    let percent = 10.123_456_789;
    const member = await started(fleet, { measureCpu: () => Promise.resolve(percent) });
    expect(reportOf(fleet, member)).toEqual(NOTHING);
    await fleet.time.advance(31_000);
    expect(reportOf(fleet, member)).toEqual({ metrics: { C: [10.123457] }, limits: { C: 100 } });
    percent = 140;
    await fleet.time.advance(30_000);
    expect(reportOf(fleet, member).metrics).toEqual({ C: [10.123457, 100] });
    await fleet.time.advance(10 * MINUTE);
    expect(reportOf(fleet, member).metrics).toEqual({ C: Array.from({ length: 10 }, () => 100) });
    other.stop();
    await fleet.time.advance(4 * MINUTE);
    expect(reportOf(fleet, member)).toEqual(NOTHING);
    await fleet.stopAll();
  });

  test("nothing where KCL workers measure nothing, and where all workers are ours: nobody would be balanced by it", async () => {
    const fleet = led(2);
    const other = java(fleet, "java", { leads: true });
    const members = [await started(fleet), await started(fleet)];
    await fleet.time.advance(2 * MINUTE);
    for (const member of members) expect(reportOf(fleet, member)).toEqual(NOTHING);
    other.stop();
    await fleet.time.advance(10 * MINUTE);
    for (const member of members) expect(reportOf(fleet, member)).toEqual(NOTHING);
    await fleet.stopAll();
  });

  test.each([
    ["is not known", () => Promise.resolve(undefined)],
    ["is no number", () => Promise.resolve(Number.NaN)],
    ["cannot be asked for", () => Promise.reject(new Error("no such file"))],
  ])(
    "nothing where it %s: the worker is balanced as before, and is not taken for a failing one",
    async (_, measureCpu) => {
      const fleet = led(1);
      const other = java(fleet, "java", { leads: true, cpu: () => 30 });
      const member = await fleet.started({ measureCpu });
      await fleet.time.advance(3 * MINUTE);
      expect(reportOf(fleet, member)).toEqual(NOTHING);
      other.stop();
      await fleet.stopAll();
    },
  );

  test("reports of others that cannot be read keep no report back: it is said once, and tried again", async () => {
    const fleet = led(1);
    const other = java(fleet, "java", { leads: true, cpu: () => 30 });
    let isDenied = true;
    const member = await started(fleet, {
      intercept: ({ operation }) => (operation === "reports" && isDenied ? { type: "fail" } : undefined),
    });
    await fleet.time.advance(5 * MINUTE);
    expect(member.warnings.filter((warning) => warning.includes("use of the CPU"))).toHaveLength(1);
    expect(reportOf(fleet, member)).toEqual(NOTHING);
    isDenied = false;
    await fleet.time.advance(2 * MINUTE);
    expect(reportOf(fleet, member).limits).toEqual({ C: 100 });
    other.stop();
    await fleet.stopAll();
  });
});

test("where one of ours leads KCL workers that tell their CPU, ours gets its share of shards that they hold evenly", async () => {
  const fleet = led(8);
  for (let index = 0; index < 8; index += 1) {
    const key = shardIdOf(index);
    const owner = index % 2 === 0 ? "j1" : "j2";
    fleet.leases.rows.set(key, leaseWith(key, { owner, counter: 5, throughputKBps: 10 }));
  }
  const others = ["j1", "j2"].map((name) => java(fleet, name, { cpu: byShards }));
  const member = await started(fleet, { fleetTimings: { reluctanceMs: 3_000 } });
  await fleet.time.advance(6 * MINUTE);
  expect(member.heldShardIds().length).toBeGreaterThanOrEqual(2);
  expect(member.heldShardIds().length).toBeLessThanOrEqual(3);
  for (const other of others) other.stop();
  await fleet.stopAll();
});
