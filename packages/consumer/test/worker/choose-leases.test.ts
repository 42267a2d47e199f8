import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseLeasesToTake, type LeaseChoice } from "../../src/worker/taking/choose-leases.js";
import { LeaseAges, type ObservedLease } from "../../src/worker/taking/lease-ages.js";
import { leaseWith } from "../support/leases.js";
import { seededRandom } from "@kinesis-connectors/testkit";

const F = 10_000;
const NOW = 1_000_000;

function observed(key: string, owner: string | undefined, changedMs: number): ObservedLease {
  return { lease: leaseWith(key, { owner }), owner, changedMs, sinceMs: changedMs };
}

function choose(seen: readonly ObservedLease[], more: Partial<LeaseChoice> = {}) {
  return chooseLeasesToTake({
    observed: seen,
    me: "me",
    nowMs: NOW,
    failoverTimeMs: F,
    maxLeasesForWorker: Number.MAX_SAFE_INTEGER,
    maxLeasesToSteal: 1,
    busy: new Set(),
    random: seededRandom(1),
    ...more,
  });
}

function keys(leases: readonly { readonly leaseKey: string }[]): readonly string[] {
  return leases.map(({ leaseKey }) => leaseKey).toSorted();
}

/** Leases that each owner renewed a moment ago. */
function living(owner: string, count: number): readonly ObservedLease[] {
  return Array.from({ length: count }, (_, index) => observed(`${owner}-${index}`, owner, NOW - 100));
}

describe("choosing leases", () => {
  test("tells how many workers renew leases, itself among them, and how many leases nobody does", () => {
    const seen = [
      ...living("a", 2),
      ...living("b", 1),
      observed("old", "dead", NOW - F - 1),
      observed("free", undefined, NOW),
    ];
    expect(choose(seen)).toMatchObject({ workers: 3, availableLeases: 2 });
    expect(choose([])).toMatchObject({ workers: 1, availableLeases: 0 });
    expect(choose(living("me", 2), { busy: new Set(["me-0", "me-1"]) })).toMatchObject({ workers: 1 });
  });

  test("K20 leases that nobody ever owned are all taken at once, beyond the fair share", () => {
    const seen = Array.from({ length: 5 }, (_, index) =>
      observed(`s${index}`, undefined, Number.NEGATIVE_INFINITY),
    );
    expect(choose([...seen, ...living("other", 1)]).take).toHaveLength(5);
  });

  test("leases not renewed for three failover times are taken beyond the fair share, up to the worker's limit", () => {
    const seen = Array.from({ length: 5 }, (_, index) => observed(`s${index}`, "dead", NOW - 3 * F - 1));
    expect(choose(seen).take).toHaveLength(5);
    expect(choose(seen, { maxLeasesForWorker: 2 }).take).toHaveLength(2);
  });

  test("expired leases are taken up to the fair share and no further", () => {
    const seen = Array.from({ length: 6 }, (_, index) => observed(`s${index}`, "dead", NOW - F - 1));
    expect(choose([...seen, ...living("other", 2)]).take).toHaveLength(4);
  });

  test("a lease whose counter moved within the failover time is left alone", () => {
    expect(choose([observed("s0", "other", NOW - F)])).toMatchObject({ take: [], steal: [] });
  });

  test("nothing is stolen while a lease is up for taking", () => {
    const seen = [...living("other", 6), observed("free", "dead", NOW - F - 1)];
    const chosen = choose(seen);
    expect(keys(chosen.take)).toEqual(["free"]);
    expect(chosen.steal).toEqual([]);
  });

  test("one lease at a time is stolen from the worker that has most", () => {
    const chosen = choose([...living("rich", 8), ...living("poor", 1)]);
    expect(chosen.take).toEqual([]);
    expect(chosen.steal).toHaveLength(1);
    expect(chosen.steal[0]?.leaseKey).toMatch(/^rich-/);
  });

  test("as many as allowed are stolen, and never so many that the other falls below its share", () => {
    expect(choose(living("rich", 10), { maxLeasesToSteal: 100 }).steal).toHaveLength(5);
    expect(choose(living("rich", 10), { maxLeasesToSteal: 3 }).steal).toHaveLength(3);
  });

  test("as a share, each worker steals its part of what is lacking, so that all together leave the rich one its share", () => {
    const seen = [...living("rich", 1_000), ...living("b", 1), ...living("c", 1)];
    const { steal } = choose(seen, { maxLeasesToSteal: "share" });
    expect(steal).toHaveLength(62);
    expect(choose(living("rich", 2), { maxLeasesToSteal: "share" }).steal).toHaveLength(1);
  });

  test("a share that is one below the fair one is left alone", () => {
    const mine = living("me", 2);
    const seen = [...mine, ...living("a", 3), ...living("b", 3)];
    const busy = new Set(keys(mine.map(({ lease }) => lease)));
    expect(choose(seen, { busy })).toMatchObject({ take: [], steal: [] });
  });

  test("a worker that lacks more than one steals one, even if nobody has more than the fair share", () => {
    expect(choose([...living("a", 3), ...living("b", 3), ...living("c", 2)]).steal).toHaveLength(1);
  });

  test("more workers than leases: a worker without a lease takes none from one that has one", () => {
    expect(choose([...living("a", 1), ...living("b", 1)])).toMatchObject({ take: [], steal: [] });
  });

  test("K07 leases beyond the worker's limit are left to others", () => {
    const mine = living("me", 2);
    const busy = new Set(keys(mine.map(({ lease }) => lease)));
    const free = observed("free", undefined, Number.NEGATIVE_INFINITY);
    expect(choose([...mine, free], { busy, maxLeasesForWorker: 2 })).toMatchObject({ take: [], steal: [] });
  });

  test("a shard that this process is still letting go is not taken again", () => {
    const seen = [observed("s0", "dead", NOW - 10 * F)];
    expect(choose(seen, { busy: new Set(["s0"]) }).take).toEqual([]);
  });

  test("a lease under this worker's own name that it does not hold is taken back at once", () => {
    expect(keys(choose([observed("s0", "me", NOW - 1)]).take)).toEqual(["s0"]);
  });

  test("shards differ between workers that look at the same moment", () => {
    const seen = Array.from({ length: 100 }, (_, index) => observed(`s${index}`, "dead", NOW - F - 1));
    const other = living("other", 1);
    const first = keys(choose([...seen, ...other], { random: seededRandom(1) }).take);
    const second = keys(choose([...seen, ...other], { random: seededRandom(2) }).take);
    expect(first).not.toEqual(second);
  });

  test("for any table, what is chosen is distinct, not busy, within the limit, and never alive unless stolen", () => {
    const row = fc.record({
      owner: fc.constantFrom(undefined, "me", "a", "b", "c"),
      ageMs: fc.integer({ min: 0, max: 50_000 }),
      busy: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 30 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        (rows, max, seed) => {
          const seen = rows.map(({ owner, ageMs }, index) => observed(`s${index}`, owner, NOW - ageMs));
          const busy = new Set(rows.flatMap((item, index) => (item.busy ? [`s${index}`] : [])));
          const { take, steal } = choose(seen, { busy, maxLeasesForWorker: max, random: seededRandom(seed) });
          const chosen = keys([...take, ...steal]);
          expect(new Set(chosen).size).toBe(chosen.length);
          const mine = rows.filter((item) => item.busy && item.owner === "me").length;
          expect(chosen.length === 0 || chosen.length + mine <= max).toBe(true);
          for (const key of chosen) expect(busy.has(key)).toBe(false);
          for (const { owner, leaseKey } of take) {
            const { ageMs } = rows[Number(leaseKey.slice(1))] ?? { ageMs: 0 };
            expect(owner === undefined || owner === "me" || ageMs > F).toBe(true);
          }
          for (const { owner } of steal) expect(["a", "b", "c"]).toContain(owner);
        },
      ),
    );
  });
});

describe("ages of leases", () => {
  test("F29 only a changed counter makes a lease young; the moment is the observer's own", () => {
    const ages = new LeaseAges(F);
    const lease = leaseWith("s0", { owner: "other", counter: 5 });
    expect(ages.observe([lease], 100)[0]?.changedMs).toBe(100);
    expect(ages.observe([lease], 5_000)[0]?.changedMs).toBe(100);
    expect(ages.observe([{ ...lease, counter: 6 }], 9_000)[0]?.changedMs).toBe(9_000);
  });

  test("a lease first seen without an owner was never renewed", () => {
    expect(new LeaseAges(F).observe([leaseWith("s0")], 100)[0]?.changedMs).toBe(Number.NEGATIVE_INFINITY);
  });

  test("a row that vanished and comes back is seen for the first time", () => {
    const ages = new LeaseAges(F);
    const lease = leaseWith("s0", { owner: "other", counter: 5 });
    ages.observe([lease], 100);
    ages.observe([], 200);
    expect(ages.observe([lease], 300)[0]?.changedMs).toBe(300);
  });

  test("during a handoff the lease counts as the old owner's", () => {
    const lease = leaseWith("s0", { owner: "next", checkpointOwner: "old" });
    expect(new LeaseAges(F).observe([lease], 1)[0]?.owner).toBe("old");
  });
});
