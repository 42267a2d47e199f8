import { describe, expect, test } from "vitest";
import { Fleet } from "../support/fleet.js";
import { shardIdOf } from "../support/shards.js";

const F = 10_000;
const S0 = shardIdOf(0);
/** Writes of a first owner that reads 12 records in three batches and the end of its shard: take, prepare, commit, ..., SHARD_END. */
const POINTS = Array.from({ length: 14 }, (_, index) => index + 1);

type Variant = "before" | "after" | "killed before" | "killed after";

/**
 * The first owner stops at its nth write, before it arrives or before its answer does, for five failover times or for good. Meanwhile
 * another worker takes over; then the first goes on from where it stood.
 */
async function run(point: number, variant: Variant) {
  const fleet = new Fleet(1);
  fleet.stream.put(S0, 12);
  let writes = 0;
  const first = fleet.member({
    latencyMs: 10,
    intercept: async ({ operation }) => {
      if (operation !== "update" && operation !== "create") return undefined;
      writes += 1;
      if (writes !== point) return undefined;
      first.clock.pause();
      if (variant === "killed before") await new Promise(() => undefined);
      if (variant === "before") await first.clock.running();
      return undefined;
    },
  });
  void first.worker.start();
  await fleet.time.advance(200);
  fleet.stream.split(S0);
  fleet.stream.put(shardIdOf(1), 6);
  fleet.stream.put(shardIdOf(2), 6);
  await fleet.time.advance(8_000);
  const stoppedAt = writes;
  await fleet.started({ latencyMs: 10 });
  await fleet.time.advance(5 * F);
  if (!variant.startsWith("killed")) first.clock.resume();
  await fleet.time.advance(6 * F);
  return { fleet, first, stoppedAt };
}

describe.each(["before", "after", "killed before", "killed after"] as const)(
  "F26 F43 K04 an owner stops at one of its writes (%s)",
  (variant) => {
    test.each(POINTS)("number %i: every record lands once, and the shard ends", async (point) => {
      const { fleet, stoppedAt } = await run(point, variant);
      // Others may have been on their way beside it.
      expect(stoppedAt).toBeGreaterThanOrEqual(point);
      expect(fleet.destination.duplicates()).toEqual([]);
      expect(fleet.destination.order.toSorted()).toEqual(fleet.stream.allRecords().toSorted());
      // The row says so, or was deleted after its children had begun.
      expect(fleet.leases.rows.get(S0)?.checkpoint ?? "SHARD_END").toBe("SHARD_END");
      expect(fleet.members.flatMap((member) => member.eventsOf("lease-end")).length).toBeLessThanOrEqual(1);
      expect(fleet.members.flatMap((member) => member.eventsOf("shard-fail"))).toEqual([]);
    });
  },
);
