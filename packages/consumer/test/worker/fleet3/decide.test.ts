import type { WorkerReport } from "@kinesis-connectors/leases";
import { seededRandom } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, type Move } from "../../../src/worker/fleet3/assignment/decide.js";
import type { SeenLease } from "../../../src/worker/fleet3/assignment/fleet-view.js";
import { assignable } from "../../../src/worker/fleet3/assignment/reports.js";
import { silentOwners } from "../../../src/worker/fleet3/assignment/silent-workers.js";
import { leaseWith } from "../../support/leases.js";

function report(workerId: string, more: Partial<WorkerReport> = {}): WorkerReport {
  return { workerId, updatedS: 1_000, metrics: {}, limits: {}, isOurs: true, place: "lease-table", ...more };
}

function seen(
  key: string,
  owner: string | undefined,
  throughputKBps?: number,
  more: Partial<SeenLease> = {},
): SeenLease {
  const lease = leaseWith(key, {
    owner,
    throughputKBps,
    checkpoint: more.lease?.checkpoint ?? "TRIM_HORIZON",
  });
  return {
    lease,
    owner,
    changedMs: 0,
    sinceMs: 0,
    isFree: owner === undefined,
    isMoving: false,
    isSettling: false,
    ...more,
  };
}

function decided(
  leases: readonly SeenLease[],
  workers: readonly WorkerReport[],
  maxLeasesForWorker = Number.MAX_SAFE_INTEGER,
) {
  return decide({ leases, workers, silent: silentOwners(leases), maxLeasesForWorker, balances: true });
}

/** What each worker has after the moves, as the next look finds it. */
function after(leases: readonly SeenLease[], moves: readonly Move[]): readonly SeenLease[] {
  const to = new Map(moves.map((move) => [move.seen.lease.leaseKey, move.to]));
  return leases.map((one) => {
    const owner = to.get(one.lease.leaseKey) ?? one.owner;
    return { ...one, owner, isFree: owner === undefined, lease: { ...one.lease, owner } };
  });
}

function loads(leases: readonly SeenLease[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { owner, lease } of leases)
    if (owner !== undefined) sums.set(owner, (sums.get(owner) ?? 0) + (lease.throughputKBps ?? 0));
  return sums;
}

describe("who gets which lease", () => {
  test("leases that nobody has go to all workers alike, and at once", () => {
    const leases = Array.from({ length: 9 }, (_, index) => seen(`s${index}`, undefined));
    const moves = decided(leases, [report("a"), report("b"), report("c")]);
    expect(moves).toHaveLength(9);
    expect(moves.every(({ how }) => how === "assign")).toBe(true);
    for (const worker of ["a", "b", "c"]) expect(moves.filter(({ to }) => to === worker)).toHaveLength(3);
  });

  test("K23 with no throughput anywhere leases are counted, and a fleet that is even by one stays as it is", () => {
    const leases = ["a", "a", "a", "a", "b"].map((owner, index) => seen(`s${index}`, owner, 0));
    const moves = decided(leases, [report("a"), report("b")]);
    expect(moves).toHaveLength(1);
    expect(moves[0]).toMatchObject({ to: "b", how: "hand-off" });
    expect(decided(after(leases, moves), [report("a"), report("b")])).toEqual([]);
  });

  test("throughput counts, not the number: one busy lease outweighs many quiet ones", () => {
    const leases = [
      seen("busy", "a", 1_000),
      ...Array.from({ length: 10 }, (_, index) => seen(`q${index}`, "a", 100)),
    ];
    const moves = decided(leases, [report("a"), report("b")]);
    const sums = loads(after(leases, moves));
    expect(sums.get("a")).toBe(1_000);
    expect(sums.get("b")).toBe(1_000);
  });

  test("leases of which nothing is read are spread too", () => {
    const leases = Array.from({ length: 40 }, (_, index) =>
      seen(`s${index}`, undefined, index < 2 ? 500 : 0),
    );
    const moves = decided(leases, [report("a"), report("b")]);
    const counts = ["a", "b"].map((worker) => moves.filter(({ to }) => to === worker).length);
    expect(Math.abs(counts[0]! - counts[1]!)).toBeLessThanOrEqual(4);
  });

  test("a worker that does not report, reports nonsense, or fails at measuring gets nothing (K24)", () => {
    const reports = [
      report("stale", { updatedS: 930 }),
      report("unknown", { updatedS: undefined }),
      report("limitless", { metrics: { C: [10] } }),
      report("zero", { metrics: { C: [10] }, limits: { C: 0 } }),
      report("failing", { metrics: { C: [10, -1] }, limits: { C: 80 } }),
      report("recovered", { metrics: { C: [-1, 10] }, limits: { C: 80 } }),
      report("plain"),
    ];
    const isFresh = ({ updatedS = 0 }: WorkerReport): boolean => updatedS > 940;
    expect(assignable(reports, isFresh).map(({ workerId }) => workerId)).toEqual(["recovered", "plain"]);
  });

  test("an owner that renews nothing gets nothing back while others are there, and everything when it is alone (K11)", () => {
    const leases = [
      seen("s0", "dead", 10, { isFree: true }),
      seen("s1", "dead", 10, { isFree: true }),
      seen("s2", "a", 10),
    ];
    const moves = decided(leases, [report("dead"), report("a")]);
    expect(moves.map(({ to }) => to)).toEqual(["a", "a"]);
    const alone = decided(leases.slice(0, 2), [report("dead")]);
    expect(alone.map(({ to }) => to)).toEqual(["dead", "dead"]);
  });

  test("a lease on its way counts for whoever gets it: no second one is sent after it", () => {
    const moving = seen("s0", "a", 100, { isMoving: true });
    const leases = [
      { ...moving, lease: { ...moving.lease, owner: "b", checkpointOwner: "a" } },
      seen("s1", "a", 100),
    ];
    expect(decided(leases, [report("a"), report("b")])).toEqual([]);
  });

  test("a worker that measures itself is relieved by what it measured, a part at a time, and never past the average", () => {
    const leases = Array.from({ length: 20 }, (_, index) => seen(`s${index}`, index < 10 ? "a" : "b", 100));
    const workers = [
      report("a", { metrics: { C: [90, 90] }, limits: { C: 100 }, isOurs: false }),
      report("b", { metrics: { C: [30, 30] }, limits: { C: 100 }, isOurs: false }),
    ];
    const moves = decided(leases, workers);
    expect(moves.length).toBeGreaterThanOrEqual(1);
    expect(moves.length).toBeLessThanOrEqual(3);
    expect(moves.every(({ to, seen: { owner } }) => to === "b" && owner === "a")).toBe(true);
  });

  test("a finished lease moves at once, and is not moved for the balance", () => {
    const finished = seen("s0", undefined, 100);
    const ended = { ...finished, lease: { ...finished.lease, checkpoint: "SHARD_END" } } as const;
    expect(decided([ended], [report("a")])).toMatchObject([{ to: "a", how: "assign" }]);
    const held = Array.from({ length: 4 }, (_, index) => {
      const one = seen(`s${index}`, "a", 100);
      return { ...one, lease: { ...one.lease, checkpoint: "SHARD_END" } } as const;
    });
    expect(decided(held, [report("a"), report("b")])).toEqual([]);
  });

  test("no worker gets more leases than it may hold, and what is left waits", () => {
    const leases = Array.from({ length: 10 }, (_, index) => seen(`s${index}`, undefined));
    expect(decided(leases, [report("a"), report("b")], 3)).toHaveLength(6);
  });

  test("any fleet of many leases is within a tenth after one look, nothing of it moves at the next, and every lease moves at most once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1 }), (count, seed) => {
        const random = seededRandom(seed);
        const workers = Array.from({ length: count }, (_, index) => report(`w${index}`));
        const leases = Array.from({ length: count * 40 }, (_, index) =>
          seen(`s${index}`, `w${Math.floor(random.next() ** 2 * count)}`, 1 + random.next() * 200),
        );
        const moves = decided(leases, workers);
        expect(new Set(moves.map((move) => move.seen.lease.leaseKey)).size).toBe(moves.length);
        const now = after(leases, moves);
        const sums = [...loads(now).values()];
        const average = sums.reduce((sum, one) => sum + one, 0) / count;
        expect(sums).toHaveLength(count);
        for (const sum of sums) expect(Math.abs(sum - average)).toBeLessThanOrEqual(average * 0.1);
        expect(decided(now, workers)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("any fleet whatever: an exchange always makes the heaviest of the two lighter, and ends", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ owner: fc.nat(3), kbps: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })) }),
          { maxLength: 12 },
        ),
        (rows) => {
          const workers = Array.from({ length: 4 }, (_, index) => report(`w${index}`));
          const leases = rows.map(({ owner, kbps }, index) =>
            seen(`s${index}`, `w${owner}`, kbps ?? undefined),
          );
          let now: readonly SeenLease[] = leases;
          for (let look = 0; look < 20; look += 1) {
            const moves = decided(now, workers);
            if (moves.length === 0) return;
            now = after(now, moves);
          }
          expect.fail("it goes to and fro");
        },
      ),
      { numRuns: 300 },
    );
  });
});
