import { describe, expect, test } from "vitest";
import { orphanAfterMs } from "../../../src/worker/fleet3/timings.js";
import { Fleet } from "../../support/fleet.js";
import { leaseWith } from "../../support/leases.js";
import { shardIdOf } from "../../support/shards.js";

const MINUTE = 60_000;

function javaOwned(fleet: Fleet, count: number): void {
  for (let index = 0; index < count; index += 1)
    fleet.leases.rows.set(shardIdOf(index), leaseWith(shardIdOf(index), { owner: "java", counter: 7 }));
}

describe("leases that a leader has forgotten", () => {
  test("what a fleet of KCL workers may need is longer than the 154 s that have been seen", () => {
    expect(orphanAfterMs(10_000)).toBe(240_000);
  });

  test("after the last KCL worker died its leases are taken, not before a new leader could have assigned them, and everything is read", async () => {
    const fleet = new Fleet(4);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    javaOwned(fleet, 4);
    for (let index = 0; index < 4; index += 1) fleet.stream.put(shardIdOf(index), 25);
    const member = await fleet.started({ leases: { mode: "2x" } });
    await fleet.time.advance(235_000);
    expect(member.heldShardIds()).toEqual([]);
    await fleet.time.advance(2 * MINUTE);
    expect(member.heldShardIds()).toHaveLength(4);
    await fleet.time.advance(MINUTE);
    expect(fleet.destination.order.toSorted()).toEqual(fleet.stream.allRecords().toSorted());
    expect(fleet.destination.duplicates()).toEqual([]);
    await fleet.stopAll();
  });

  test("it is told at each look, warned of again and again, and told when it is over", async () => {
    const fleet = new Fleet(2);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    javaOwned(fleet, 2);
    const member = await fleet.started({ leases: { mode: "2x" } });
    await fleet.time.advance(20_000);
    expect(member.eventsOf("leases-unattended")).toEqual([]);
    await fleet.time.advance(215_000);
    const warnings = member.warnings.filter((text) => text.startsWith("leases-unattended"));
    expect(warnings.length).toBeGreaterThanOrEqual(3);
    expect(member.eventsOf("leases-unattended").at(-1)).toMatchObject({
      shardIds: [shardIdOf(0), shardIdOf(1)],
    });
    await fleet.time.advance(MINUTE);
    expect(member.eventsOf("leases-unattended").at(-1)).toMatchObject({ shardIds: [], longestMs: 0 });
    await fleet.stopAll();
  });

  test("a lease that its KCL worker renews is left alone for good, and so is one that is only new and unowned for a while", async () => {
    const fleet = new Fleet(2);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    javaOwned(fleet, 1);
    fleet.leases.rows.set(shardIdOf(1), leaseWith(shardIdOf(1)));
    const member = await fleet.started({ leases: { mode: "2x" } });
    const renewal = setRenewals(fleet, shardIdOf(0));
    await fleet.time.advance(235_000);
    expect(member.heldShardIds()).toEqual([]);
    await fleet.time.advance(MINUTE);
    expect(member.heldShardIds()).toEqual([shardIdOf(1)]);
    renewal.stop();
    await fleet.stopAll();
  });

  test("a lease that the leader gives to a worker that is not there, again and again, is taken all the same: its counter moves, and nobody reads it", async () => {
    const fleet = new Fleet(1);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    javaOwned(fleet, 1);
    fleet.stream.put(shardIdOf(0), 25);
    const member = await fleet.started({ leases: { mode: "2x" } });
    // A leader of the KCL, every two failover times, as long as the report of a worker that died does not look old: its clock was ahead.
    const assigning = setRenewals(fleet, shardIdOf(0), 20_000);
    await fleet.time.advance(235_000);
    expect(member.heldShardIds()).toEqual([]);
    await fleet.time.advance(MINUTE);
    assigning.stop();
    expect(member.heldShardIds()).toEqual([shardIdOf(0)]);
    await fleet.stopAll();
  });

  test("two workers that nobody leads share the orphans", async () => {
    const fleet = new Fleet(8);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    javaOwned(fleet, 8);
    const members = [
      await fleet.started({ leases: { mode: "2x" } }),
      await fleet.started({ leases: { mode: "2x" } }),
    ];
    await fleet.time.advance(6 * MINUTE);
    const counts = members.map((member) => member.heldShardIds().length);
    expect(counts[0]! + counts[1]!).toBe(8);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
    await fleet.stopAll();
  });
});

/** Another worker, as the row shows it: its counter moves every three seconds, or as often as it is said, while it owns it. */
function setRenewals(fleet: Fleet, shardId: string, everyMs = 3_000): { readonly stop: () => void } {
  let isStopped = false;
  const renew = (): void => {
    if (isStopped) return;
    const row = fleet.leases.rows.get(shardId);
    if (row?.owner === "java") fleet.leases.rows.set(shardId, { ...row, counter: row.counter + 1 });
    fleet.time.setTimer(everyMs, renew);
  };
  renew();
  return {
    stop: () => {
      isStopped = true;
    },
  };
}
