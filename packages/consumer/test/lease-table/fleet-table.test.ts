import { type LeaseTable, memoryLeases } from "@kinesis-connectors/leases";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newLease } from "../support/leases.js";
import { FleetTables, fleetOf, lock, type NamedTable } from "./fleet-tables.js";

let tables: FleetTables;

beforeAll(async () => {
  tables = await FleetTables.start();
});

afterAll(async () => await tables.close());

describe.each([
  [
    "in memory",
    (): Promise<NamedTable> => {
      const table = memoryLeases().connect();
      return Promise.resolve({ table, fleet: fleetOf(table), name: "memory" });
    },
  ],
  ["in DynamoDB", () => tables.fresh()],
  ["in the tables of KCL 3.0 to 3.4", () => tables.withTablesOfOldKcl()],
] as const)("the rows of a fleet %s", (_, create) => {
  test("a report is read back, counts as ours, and goes when it is taken back", async () => {
    const { fleet, table } = await create();
    await table.create(newLease("s0"));
    await fleet.report("a:1", 1_000);
    await fleet.report("a:1", 1_030);
    await fleet.report("b:1", 1_020);
    const reports = await fleet.reports();
    expect(new Map(reports.map(({ workerId, updatedS }) => [workerId, updatedS]))).toEqual(
      new Map([
        ["a:1", 1_030],
        ["b:1", 1_020],
      ]),
    );
    expect(reports[0]).toMatchObject({ metrics: {}, limits: {}, isOurs: true });
    expect((await table.list()).map(({ leaseKey }) => leaseKey)).toEqual(["s0"]);
    await fleet.retract("b:1");
    const [mine] = await fleet.reports();
    expect(mine?.workerId).toBe("a:1");
    expect(mine && (await fleet.forget({ ...mine, updatedS: 1_000 }))).toBe(false);
    expect(mine && (await fleet.forget(mine))).toBe(true);
    expect(await fleet.reports()).toEqual([]);
  });

  test("what a worker measures is read back as it was told, and is gone with a report that tells nothing", async () => {
    const { fleet } = await create();
    const measures = { metrics: { C: [12.345678, 0, 100] }, limits: { C: 100 } };
    await fleet.report("a:1", 1_000, measures);
    expect(await fleet.reports()).toMatchObject([{ workerId: "a:1", updatedS: 1_000, ...measures }]);
    await fleet.report("a:1", 1_030);
    expect((await fleet.reports())[0]).toMatchObject({ updatedS: 1_030, metrics: {}, limits: {} });
  });

  test("a lock is had by one, kept by its owner alone, replaced by whoever saw its last version, and given back", async () => {
    const { fleet, table } = await create();
    expect(await fleet.lock()).toBeUndefined();
    const outcomes = await Promise.all([
      fleet.takeLock(lock("1"), undefined),
      fleet.takeLock(lock("2", { ownerId: "b:1" }), undefined),
    ]);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    const held = await fleet.lock();
    if (held === undefined) throw new Error("no lock");
    expect(await fleet.keepLock({ ...held, ownerId: "c:1" }, "x")).toBe(false);
    expect(await fleet.keepLock(held, "3")).toBe(true);
    expect(await fleet.keepLock(held, "4")).toBe(false);
    expect(await fleet.lock()).toEqual({ ...held, version: "3" });
    expect(await fleet.takeLock(lock("5", { ownerId: "b:1" }), held)).toBe(false);
    expect(await fleet.takeLock(lock("5", { ownerId: "b:1" }), { ...held, version: "3" })).toBe(true);
    await fleet.releaseLock({ ...held, version: "3" });
    expect((await fleet.lock())?.version).toBe("5");
    await fleet.releaseLock(lock("5", { ownerId: "b:1" }));
    expect(await fleet.lock()).toBeUndefined();
    expect(await table.list()).toEqual([]);
  });

  test("the mode changes from what it is, and from nothing else", async () => {
    const { fleet, table } = await create();
    const change = { by: "a:1", nowMs: 5_000 };
    expect(await fleet.changeMode({ ...change, from: "CLIENT_VERSION_2X", to: "CLIENT_VERSION_3X" })).toBe(
      false,
    );
    expect(await fleet.changeMode({ ...change, from: undefined, to: "CLIENT_VERSION_UPGRADE_FROM_2X" })).toBe(
      true,
    );
    expect(await fleet.changeMode({ ...change, from: undefined, to: "CLIENT_VERSION_3X" })).toBe(false);
    const { upgrading: from, back: to } = {
      upgrading: "CLIENT_VERSION_UPGRADE_FROM_2X",
      back: "CLIENT_VERSION_3X_WITH_ROLLBACK",
    };
    const outcomes = [
      await fleet.changeMode({ ...change, from, to }),
      await fleet.changeMode({ ...change, from, to }),
    ];
    expect(outcomes).toEqual([true, false]);
    expect(await table.fleetMode()).toBe("CLIENT_VERSION_3X_WITH_ROLLBACK");
    expect(await table.list()).toEqual([]);
  });

  test("leases move from owner to owner with the conditions of KCL 3.x", async () => {
    const { table } = await create();
    await table.create(newLease("s0"));
    const row = async () => {
      const found = await table.get("s0");
      if (found === undefined) throw new Error("no row");
      return found;
    };
    const write = async (
      seen: Awaited<ReturnType<typeof row>>,
      change: Parameters<LeaseTable["update"]>[1],
    ) => (await table.update(seen, change)).type;
    const created = await row();
    expect(await write(created, { type: "hand-off", owner: "b" })).toBe("refused");
    expect(await write(created, { type: "assign", owner: "a" })).toBe("applied");
    const assigned = await row();
    expect(assigned).toMatchObject({ owner: "a", counter: 1, ownerSwitches: 0, checkpointOwner: undefined });
    expect(await write(assigned, { type: "renew", throughputKBps: 1.234_567_89 })).toBe("applied");
    expect((await row()).throughputKBps).toBeCloseTo(1.234_568, 6);
    // Its owner raises the counter all the time: the leader's handoff does not ask for it.
    expect(await write(assigned, { type: "hand-off", owner: "b" })).toBe("applied");
    expect(await row()).toMatchObject({ owner: "b", counter: 2, checkpointOwner: "a" });
    expect(await write(assigned, { type: "hand-off", owner: "c" })).toBe("refused");
    const moving = await row();
    expect(await write({ ...moving, checkpointOwner: undefined }, { type: "assign", owner: "b" })).toBe(
      "refused",
    );
    expect(await write({ ...moving, counter: 1 }, { type: "assign", owner: "b" })).toBe("refused");
    expect(await write(moving, { type: "renew" })).toBe("applied");
    expect(await write(await row(), { type: "assign", owner: "a" })).toBe("applied");
    expect(await row()).toMatchObject({
      owner: "a",
      counter: 4,
      ownerSwitches: 1,
      checkpointOwner: undefined,
    });
  });
});
