import type { Lease } from "@kinesis-connectors/leases";
import { expect } from "vitest";
import type { Fleet, Member } from "../../support/fleet.js";
import { shardIdOf } from "../../support/shards.js";

export const MINUTE = 60_000;
export const S0: string = shardIdOf(0);

export function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it is not there");
  return value;
}

export function row(fleet: Fleet, shardId: string = S0): Lease {
  return known(fleet.leases.rows.get(shardId));
}

/** A KCL worker that leads the fleet and reports, as the rows show it. */
export function java(fleet: Fleet): { readonly stop: () => void } {
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

export function reportAs(fleet: Fleet, workerId: string, isOurs: boolean): void {
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
export function expectEverythingOnce(fleet: Fleet): void {
  expect(fleet.destination.duplicates()).toEqual([]);
  expect(fleet.destination.order.toSorted()).toEqual(fleet.stream.allRecords().toSorted());
}

/** Those that say last that they lead, and are not paused. */
export function leaders(members: readonly Member[]): readonly Member[] {
  return members.filter((member) => {
    const last = member.eventsOf("leader-elect").at(-1);
    return last?.type === "leader-elect" && last.leader && !member.clock.isPaused;
  });
}
