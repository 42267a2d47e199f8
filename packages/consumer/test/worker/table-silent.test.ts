import type { TableFault } from "@kinesis-connectors/leases";
import { describe, expect, test } from "vitest";
import { silentAfterMs } from "../../src/worker/table-watch.js";
import type { LeaseOptions } from "../../src/worker/lease-settings.js";
import { Fleet, type Member } from "../support/fleet.js";

const F = 10_000;

/** A lease table that works, hangs without an answer, or refuses, as it is told. */
class Outage {
  is: "none" | "hangs" | "refuses" = "none";
  #release: (() => void)[] = [];

  readonly intercept = async (): Promise<TableFault | undefined> => {
    if (this.is === "refuses") return { type: "fail" };
    if (this.is === "hangs")
      await new Promise<void>((resolve) => {
        this.#release.push(resolve);
      });
    return undefined;
  };

  end(): void {
    this.is = "none";
    for (const release of this.#release.splice(0)) release();
  }
}

const isSilent = ({ worker }: Member): boolean => worker.leaseTable.silentMs > worker.leaseTable.limitMs;

describe("a lease table that is silent", () => {
  for (const kind of ["hangs", "refuses"] as const)
    test(`that ${kind} is told of from the loss of the leases until it is seen again`, async () => {
      const outage = new Outage();
      const fleet = new Fleet(2);
      const member = await fleet.started({ intercept: outage.intercept });
      await fleet.time.advance(30_000);
      expect(member.heldShardIds()).toHaveLength(2);
      outage.is = kind;
      const signs: boolean[] = [];
      for (let second = 0; second < 180; second += 1) {
        await fleet.time.advance(1_000);
        // Without a gap between a lease that gets old and a table that is silent.
        signs.push(isSilent(member) || member.worker.renewals().longestUnrenewedMs > (2 / 3) * F);
      }
      expect(member.heldShardIds()).toEqual([]);
      expect(signs.indexOf(true)).toBeLessThanOrEqual(F / 1_000);
      expect(signs.lastIndexOf(false)).toBeLessThan(signs.indexOf(true));
      const warned = member.warnings.filter((text) => text.startsWith("table-silent"));
      expect(warned.length).toBeGreaterThanOrEqual(2);
      expect(warned.length).toBeLessThanOrEqual(4);
      outage.end();
      await fleet.time.advance(2 * F);
      expect(isSilent(member)).toBe(false);
      expect(member.heldShardIds()).toHaveLength(2);
      expect(member.worker.leaseTable.lastLookMs).toBeGreaterThan(member.clock.now() - F);
      await fleet.stopAll();
    });

  test("is told of by a worker that never had a lease", async () => {
    const outage = new Outage();
    const fleet = new Fleet(1);
    await fleet.started();
    const idle = await fleet.started({ intercept: outage.intercept });
    await fleet.time.advance(60_000);
    expect(idle.heldShardIds()).toEqual([]);
    expect(isSilent(idle)).toBe(false);
    outage.is = "hangs";
    await fleet.time.advance(4 * F);
    expect(isSilent(idle)).toBe(true);
    outage.end();
    await fleet.stopAll();
  });

  const modes: readonly LeaseOptions[] = [
    { mode: "2x" },
    { mode: "3x" },
    { mode: "3x", takePeriodMs: 1_000 },
    { takePeriodMs: 60_000 },
  ];
  for (const leases of modes)
    test(`is none while it answers, and one look may fail: ${JSON.stringify(leases)}`, async () => {
      const outage = new Outage();
      const fleet = new Fleet(2);
      const member = await fleet.started({ leases, intercept: outage.intercept, latencyMs: 200 });
      const limitMs = silentAfterMs({ failoverTimeMs: F, takePeriodMs: 5_000, ...leases });
      let longestMs = 0;
      for (let second = 0; second < 600; second += 1) {
        await fleet.time.advance(1_000);
        longestMs = Math.max(longestMs, member.worker.leaseTable.silentMs);
      }
      // A look that fails leaves twice the time between two that worked.
      expect(2 * longestMs).toBeLessThan(limitMs);
      // In 3.x mode the looks are rarer than asked for.
      expect(longestMs).toBeGreaterThan(
        leases.mode === "3x" ? 0.9 * F : 0.9 * (leases.takePeriodMs ?? 5_000) - 1_000,
      );
      expect(member.worker.leaseTable.limitMs).toBe(limitMs);
      member.clock.wallShiftMs += 86_400_000;
      expect(isSilent(member)).toBe(false);
      await fleet.stopAll();
      await fleet.time.advance(10 * limitMs);
      expect(isSilent(member)).toBe(false);
    });
});
