import { describe, expect, test } from "vitest";
import { Fleet } from "../../support/fleet.js";
import { MINUTE } from "./support.js";

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
