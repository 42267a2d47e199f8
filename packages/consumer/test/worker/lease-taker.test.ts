import { describe, expect, test } from "vitest";
import { LeaseAges } from "../../src/worker/taking/lease-ages.js";
import { leaseSettings } from "../../src/worker/lease-settings.js";
import { LeaseTaker, type TakenLease } from "../../src/worker/taking/lease-taker.js";
import { memoryLeases, type TableFault } from "@kinesis-connectors/leases";
import { leaseWith } from "../support/leases.js";
import { seededRandom } from "@kinesis-connectors/testkit";
import { VirtualClock } from "../support/virtual-clock.js";

function setUp(fault?: (operation: string) => TableFault | undefined) {
  const time = new VirtualClock();
  const leases = memoryLeases();
  const table = leases.connect(({ operation }) => fault?.(operation));
  const taken: TakenLease[] = [];
  const options = {
    table,
    ownerId: "me:1",
    clock: time.process(),
    random: seededRandom(1),
    settings: leaseSettings(),
    orphanMs: 240_000,
    ages: new LeaseAges(10_000),
    busy: () => new Set<string>(),
    taken: (lease: TakenLease) => void taken.push(lease),
  };
  return { time, leases, table, taken, options };
}

describe("taking", () => {
  test("a lease that was given away and is on its way back is not taken for one's own: the old owner holds it until it lets go", async () => {
    const { leases, table, taken, options } = setUp();
    leases.rows.set("s0", leaseWith("s0", { owner: "me:1", counter: 1 }));
    const seen = leases.rows.get("s0")!;
    // Between the look and the take the leader gives it to another worker (which raises the counter), and then hands it off to us.
    const back = { ...seen, counter: 2, owner: "me:1", checkpointOwner: "other" };
    const late = {
      ...table,
      update: async () => {
        leases.rows.set("s0", back);
        return { type: "refused" } as const;
      },
    };
    await new LeaseTaker({ ...options, table: late }).adopt([seen], 0, () => true);
    expect(taken).toEqual([]);
    expect(leases.rows.get("s0")).toEqual(back);
  });

  test("K08 after a slow scan the counters are stale: a lease is read again before it is stolen", async () => {
    const { time, leases, table, taken, options } = setUp();
    for (let index = 0; index < 6; index += 1)
      leases.rows.set(`s${index}`, leaseWith(`s${index}`, { owner: "other", counter: 1 }));
    const slow = {
      ...table,
      list: async () => {
        const rows = await table.list();
        await new Promise<void>((resolve) => {
          time.setTimer(3_000, resolve);
        });
        return rows;
      },
    };
    const step = new LeaseTaker({ ...options, table: slow }).step(() => "share");
    await time.advance(1_000);
    for (const [key, row] of leases.rows) leases.rows.set(key, { ...row, counter: row.counter + 1 });
    await time.until(step);
    expect(taken).toHaveLength(1);
    expect(taken[0]).toMatchObject({
      steal: true,
      before: { counter: 2 },
      lease: { owner: "me:1", counter: 3 },
    });
  });

  test.each([
    [1, true],
    [2, true],
    [3, false],
  ])(
    "an owner that commits between the look and the steal, %i times: at the first look the lease is taken: %s",
    async (commits, isTaken) => {
      const { leases, taken, options } = setUp();
      for (let index = 0; index < 6; index += 1)
        leases.rows.set(`s${index}`, leaseWith(`s${index}`, { owner: "other", counter: 1 }));
      let left = commits;
      const table = leases.connect(({ operation, leaseKey = "" }) => {
        const row = leases.rows.get(leaseKey);
        if (operation === "update" && row?.owner === "other" && left > 0) {
          left -= 1;
          leases.rows.set(leaseKey, { ...row, counter: row.counter + 1 });
        }
        return undefined;
      });
      await new LeaseTaker({ ...options, table }).step(() => "share");
      expect(taken.map(({ steal, lease }) => [steal, lease.owner])).toEqual(isTaken ? [[true, "me:1"]] : []);
    },
  );

  test("a lease that went to a third worker meanwhile is left with it", async () => {
    const { leases, taken, options } = setUp();
    for (let index = 0; index < 6; index += 1)
      leases.rows.set(`s${index}`, leaseWith(`s${index}`, { owner: "other", counter: 1 }));
    let updates = 0;
    const table = leases.connect(({ operation, leaseKey = "" }) => {
      const row = leases.rows.get(leaseKey);
      if (operation !== "update" || row === undefined) return undefined;
      updates += 1;
      leases.rows.set(leaseKey, { ...row, owner: "third", counter: row.counter + 1 });
      return undefined;
    });
    await new LeaseTaker({ ...options, table }).step(() => "share");
    expect(taken).toEqual([]);
    expect(updates).toBe(1);
  });

  test("F45 a worker that was told to stop while a lease is read again takes it no more", async () => {
    const { time, leases, table, taken, options } = setUp();
    for (let index = 0; index < 6; index += 1)
      leases.rows.set(`s${index}`, leaseWith(`s${index}`, { owner: "other", counter: 1 }));
    const slowly = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
      await new Promise<void>((resolve) => {
        time.setTimer(3_000, resolve);
      });
      return await answer;
    };
    const slow = {
      ...table,
      list: () => slowly(table.list()),
      get: (leaseKey: string) => slowly(table.get(leaseKey)),
    };
    let isStopped = false;
    const step = new LeaseTaker({ ...options, table: slow }).step(() => (isStopped ? "nothing" : "share"));
    await time.advance(4_000);
    isStopped = true;
    await time.until(step);
    expect(taken).toEqual([]);
    expect([...leases.rows.values()].every((row) => row.owner === "other" && row.counter === 1)).toBe(true);
  });

  test("F29 K08 a slow scan makes no lease look older than it is", async () => {
    const { time, leases, table, taken, options } = setUp();
    leases.rows.set("s0", leaseWith("s0", { owner: "other", counter: 1 }));
    const slow = {
      ...table,
      list: async () => {
        const rows = await table.list();
        await new Promise<void>((resolve) => {
          time.setTimer(3_000, resolve);
        });
        return rows;
      },
    };
    const taker = new LeaseTaker({ ...options, table: slow });
    // First seen unchanged at the end of a scan (3 s); 9 s later another one begins, which ends 12 s later.
    await time.until(taker.step(() => "share"));
    await time.advance(9_000 - (time.nowMs - 3_000));
    await time.until(taker.step(() => "share"));
    expect(taken).toEqual([]);
    await time.advance(10_000);
    await time.until(taker.step(() => "share"));
    expect(taken).toHaveLength(1);
  });

  test.each([
    { type: "lose-reply", count: 1 },
    { type: "repeat", count: 1 },
    { type: "fail", count: 0 },
    { type: "throttle", count: 0 },
  ] as const)("F04 a take with the outcome '$type' is held $count times", async ({ type, count }) => {
    const { time, leases, taken, options } = setUp((operation) =>
      operation === "update" ? { type } : undefined,
    );
    leases.rows.set("s0", leaseWith("s0"));
    await time.until(new LeaseTaker(options).step(() => "share"));
    expect(taken).toHaveLength(count);
    expect(leases.rows.get("s0")?.owner).toBe(count === 1 ? "me:1" : undefined);
  });

  test("F26 what raised the counter may be a late write under the same name: the lease is what the row says", async () => {
    const { time, leases, table, taken, options } = setUp();
    leases.rows.set("s0", leaseWith("s0", { owner: "me:1", counter: 4 }));
    const late = {
      ...table,
      update: async () => {
        const row = leaseWith("s0", { owner: "me:1", counter: 5, checkpoint: "SHARD_END" });
        leases.rows.set("s0", row);
        return { type: "refused" } as const;
      },
    };
    await time.until(new LeaseTaker({ ...options, table: late }).step(() => "share"));
    expect(taken).toMatchObject([{ lease: { counter: 5, checkpoint: "SHARD_END" } }]);
  });

  test("what may have raised the counter at any time since the look counts from the look, and is not held past its time", async () => {
    const { time, leases, table, taken, options } = setUp();
    leases.rows.set("s0", leaseWith("s0", { owner: "me:1", counter: 4 }));
    const slowly = (waitMs: number) => ({
      ...table,
      list: async () => {
        const rows = await table.list();
        // A renewal from before arrives, and then the answer.
        leases.rows.set("s0", leaseWith("s0", { owner: "me:1", counter: 5 }));
        await new Promise<void>((resolve) => {
          time.setTimer(waitMs, resolve);
        });
        return rows;
      },
    });
    const startedMs = options.clock.monotonicNow();
    await time.until(new LeaseTaker({ ...options, table: slowly(3_000) }).step(() => "share"));
    expect(taken.map(({ sentMs }) => sentMs)).toEqual([startedMs]);
    leases.rows.set("s0", leaseWith("s0", { owner: "me:1", counter: 4 }));
    await time.until(new LeaseTaker({ ...options, table: slowly(10_000) }).step(() => "share"));
    expect(taken).toHaveLength(1);
  });

  test.each([
    { name: "has begun", checkpoint: { sequenceNumber: "9", subSequenceNumber: 0 }, wasReadBefore: true },
    { name: "has ended", checkpoint: "SHARD_END", wasReadBefore: true },
    { name: "has not begun", checkpoint: "TRIM_HORIZON", wasReadBefore: false },
  ] as const)("F24 a shard without a checkpoint whose child $name", async ({ checkpoint, wasReadBefore }) => {
    const { time, leases, taken, options } = setUp();
    leases.rows.set("parent", leaseWith("parent", { checkpoint: "TRIM_HORIZON" }));
    leases.rows.set(
      "child",
      leaseWith("child", { checkpoint, parentShardIds: ["parent"], owner: "other", counter: 3 }),
    );
    await time.until(new LeaseTaker(options).step(() => "share"));
    expect(taken).toMatchObject([{ lease: { leaseKey: "parent" }, wasReadBefore }]);
  });

  test("nothing is looked at while nothing may be taken", async () => {
    const calls: string[] = [];
    const { leases, options } = setUp((operation) => {
      calls.push(operation);
      return undefined;
    });
    leases.rows.set("s0", leaseWith("s0"));
    await new LeaseTaker(options).step(() => "nothing");
    expect(calls).toEqual([]);
  });
});

describe("settings of leases", () => {
  test("are those of the KCL where both have them", () => {
    expect(leaseSettings()).toMatchObject({
      failoverTimeMs: 10_000,
      renewPeriodMs: 3_308,
      auditPeriodMs: 120_000,
    });
  });

  test.each([
    { failoverTimeMs: 0 },
    { failoverTimeMs: Number.NaN },
    { maxLeasesForWorker: 0 },
    { maxLeasesToSteal: 0 },
    { parentPollMs: -1 },
    { bootstrapJitterMs: 0.5 },
  ])("%o is refused with the option's name", (options) => {
    expect(() => leaseSettings(options)).toThrow(`leases.${Object.keys(options)[0]} must be`);
  });
});
