import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newLease } from "../support/leases.js";
import { createOwnerIndex } from "../support/owner-index.js";
import { FleetTables, lock } from "./fleet-tables.js";

let tables: FleetTables;

beforeAll(async () => {
  tables = await FleetTables.start();
});

afterAll(async () => await tables.close());

describe("rows as KCL workers write and read them", () => {
  test("a report: seconds, empty maps and its type, among the leases where there are no other tables", async () => {
    const { fleet, name } = await tables.fresh();
    await fleet.report("a:1", 1_700_000_000);
    expect(await tables.rowIn(name, "leaseKey", "a:1")).toEqual({
      leaseKey: { S: "a:1" },
      lut: { N: "1700000000" },
      sts: { M: {} },
      opr: { M: {} },
      entityType: { S: "WORKER_METRIC_STATS" },
      kcWorker: { N: "1" },
    });
  });

  test("a KCL worker's report with what it measured, in either table; of two the newer one counts", async () => {
    const { fleet, name } = await tables.withTablesOfOldKcl();
    const stats = {
      sts: { M: { C: { L: [{ N: "12.5" }, { N: "-1" }, { N: "30" }] } } },
      opr: { M: { C: { L: [{ N: "80" }] } } },
      sup: { N: "1" },
      slu: { N: "1000" },
      entityType: { S: "WORKER_METRIC_STATS" },
    };
    await tables.put(`${name}-WorkerMetricStats`, { wid: { S: "java" }, lut: { N: "1000" }, ...stats });
    await tables.put(name, { leaseKey: { S: "java" }, lut: { N: "1030" }, ...stats });
    await tables.put(`${name}-WorkerMetricStats`, { wid: { S: "java 3.4" }, lut: { N: "990" } });
    expect((await fleet.reports()).toSorted((a, b) => a.workerId.localeCompare(b.workerId))).toEqual([
      {
        workerId: "java",
        updatedS: 1_030,
        metrics: { C: [12.5, -1, 30] },
        limits: { C: 80 },
        isOurs: false,
        place: "lease-table",
      },
      { workerId: "java 3.4", updatedS: 990, metrics: {}, limits: {}, isOurs: false, place: "own-table" },
    ]);
  });

  test("the lock: durations as texts, a version, and the type of KCL 3.5", async () => {
    const { fleet, name } = await tables.fresh();
    await fleet.takeLock(lock("v1"), undefined);
    expect(await tables.rowIn(name, "leaseKey", "Leader")).toEqual({
      leaseKey: { S: "Leader" },
      ownerName: { S: "a:1" },
      leaseDuration: { S: "30000" },
      recordVersionNumber: { S: "v1" },
      entityType: { S: "LEADER" },
    });
  });

  test("a lock that a KCL worker wrote, and one that it released", async () => {
    const { fleet, name } = await tables.fresh();
    const java = {
      leaseKey: { S: "Leader" },
      ownerName: { S: "java" },
      leaseDuration: { S: "120000" },
      recordVersionNumber: { S: "u1" },
    };
    await tables.put(name, java);
    const held = await fleet.lock();
    expect(held).toEqual({ ownerId: "java", version: "u1", leaseMs: 120_000, isReleased: false });
    await tables.put(name, { ...java, isReleased: { S: "1" } });
    const released = await fleet.lock();
    expect(released?.isReleased).toBe(true);
    expect(await fleet.takeLock(lock("2"), released)).toBe(true);
    expect(await tables.rowIn(name, "leaseKey", "Leader")).not.toHaveProperty("isReleased");
  });

  test.each([
    ["nothing but its key", {}],
    ["a version that is a number", { recordVersionNumber: { N: "1" }, ownerName: { S: "java" } }],
    ["a version that is empty", { recordVersionNumber: { S: "" } }],
  ])("a row Leader with %s is a lock that can be taken once it has run out", async (_what, attributes) => {
    const { fleet, name } = await tables.fresh();
    await tables.put(name, { leaseKey: { S: "Leader" }, ...attributes });
    const seen = await fleet.lock();
    expect(seen).toMatchObject({ version: "", leaseMs: 120_000, isReleased: false });
    expect(await fleet.takeLock(lock("1"), undefined)).toBe(false);
    expect(await fleet.takeLock(lock("1"), seen)).toBe(true);
    // Somebody was faster.
    expect(await fleet.takeLock(lock("2"), seen)).toBe(false);
    expect((await fleet.lock())?.version).toBe("1");
  });

  test("a lock that claims to count for a year counts for ten minutes", async () => {
    const { fleet, name } = await tables.fresh();
    const row = { leaseKey: { S: "Leader" }, ownerName: { S: "x" }, recordVersionNumber: { S: "1" } };
    await tables.put(name, { ...row, leaseDuration: { S: "31536000000" } });
    expect((await fleet.lock())?.leaseMs).toBe(600_000);
    await tables.put(name, { ...row, leaseDuration: { S: "soon" } });
    expect((await fleet.lock())?.leaseMs).toBe(120_000);
  });

  test("the mode's row keeps what it said before, the newest first", async () => {
    const { fleet, name } = await tables.fresh();
    await fleet.changeMode({
      from: undefined,
      to: "CLIENT_VERSION_UPGRADE_FROM_2X",
      by: "a:1",
      nowMs: 1_000,
    });
    await fleet.changeMode({
      from: "CLIENT_VERSION_UPGRADE_FROM_2X",
      to: "CLIENT_VERSION_3X_WITH_ROLLBACK",
      by: "b:1",
      nowMs: 2_000,
    });
    expect(await tables.rowIn(name, "leaseKey", "Migration3.0")).toEqual({
      leaseKey: { S: "Migration3.0" },
      cv: { S: "CLIENT_VERSION_3X_WITH_ROLLBACK" },
      mb: { S: "b:1" },
      mts: { N: "2000" },
      h: {
        L: [{ M: { cv: { S: "CLIENT_VERSION_UPGRADE_FROM_2X" }, mb: { S: "a:1" }, mts: { N: "1000" } } }],
      },
      entityType: { S: "CLIENT_VERSION_MIGRATION" },
    });
  });

  test.each([
    [undefined, "own-table", "own-table", undefined],
    ["TABLE_MIGRATION_STATUS_INIT", "own-table", "own-table", "INIT"],
    ["TABLE_MIGRATION_STATUS_DEPLOYED", "own-table", "own-table", "DEPLOYED"],
    ["TABLE_MIGRATION_STATUS_PENDING", "lease-table", "own-table", "PENDING"],
    ["TABLE_MIGRATION_STATUS_COMPLETE", "lease-table", "lease-table", undefined],
  ])(
    "with the move into one table at %s reports lie in the %s and the lock in the %s",
    async (tm, reports, locks, seen) => {
      const { fleet, name } = await tables.withTablesOfOldKcl();
      if (tm !== undefined)
        await tables.put(`${name}-CoordinatorState`, { key: { S: "TableMigration3.5" }, tm: { S: tm } });
      expect(await fleet.tableMigration()).toBe(seen);
      await fleet.report("a:1", 1_000);
      await fleet.takeLock(lock("1"), undefined);
      const [report] = await fleet.reports();
      expect(report?.place).toBe(reports);
      const ownLock = await tables.rowIn(`${name}-CoordinatorState`, "key", "Leader");
      const leaseLock = await tables.rowIn(name, "leaseKey", "Leader");
      expect(ownLock === undefined ? "lease-table" : "own-table").toBe(locks);
      expect([ownLock, leaseLock].filter((row) => row !== undefined)).toHaveLength(1);
    },
  );

  test("a coordinator's table without one of reports: reports lie among the leases", async () => {
    const { fleet, name } = await tables.fresh();
    await tables.createTable(`${name}-CoordinatorState`, "key");
    await fleet.report("a:1", 1_000);
    expect((await fleet.reports()).map(({ place }) => place)).toEqual(["lease-table"]);
  });

  test("leases are found by the index of owners, once it is there", async () => {
    const { table, fleet, name } = await tables.fresh();
    for (const key of ["s0", "s1", "s2"]) await table.create(newLease(key));
    for (const lease of await table.list())
      await table.update(lease, { type: "assign", owner: lease.leaseKey === "s1" ? "b:1" : "a:1" });
    await fleet.report("a:1", 1_000);
    expect([await fleet.assignedTo("a:1"), await fleet.hasIndex()]).toEqual([undefined, false]);
    await createOwnerIndex(tables.client, name);
    await expect.poll(async () => await fleet.hasIndex()).toBe(true);
    expect((await fleet.assignedTo("a:1"))?.toSorted()).toEqual(["s0", "s2"]);
    expect(await fleet.assignedTo("nobody")).toEqual([]);
    const first = (await table.list()).find(({ leaseKey }) => leaseKey === "s0");
    if (first !== undefined) await table.update(first, { type: "hand-off", owner: "b:1" });
    await expect.poll(async () => (await fleet.assignedTo("b:1"))?.toSorted()).toEqual(["s0", "s1"]);
  });

  test("F04 a lock whose answer was lost is found to be ours by its version", async () => {
    const { fleet } = await tables.fresh();
    await fleet.lock();
    tables.local.faults.add({ server: "dynamodb", operation: "PutItem", effect: { kind: "reply-lost" } });
    const isTaken = await fleet.takeLock(lock("mine"), undefined);
    expect([isTaken, (await fleet.lock())?.version]).toEqual([false, "mine"]);
    expect(tables.local.faults.unfired()).toEqual([]);
  });

  test("a right that is missing is an error that names it and the table", async () => {
    const { fleet, name } = await tables.fresh();
    await fleet.tableMigration();
    tables.local.faults.add({
      server: "dynamodb",
      operation: "UpdateItem",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    await expect(fleet.report("a:1", 1)).rejects.toThrow(
      `${name} cannot be used: UpdateItem failed with AccessDeniedException; allow dynamodb:UpdateItem`,
    );
  });
});
