import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  DescribeTableCommand,
} from "@aws-sdk/client-dynamodb";
import { silentLogger, systemClock } from "@kinesis-connectors/core";
import type { FleetTable, LeaderLock, LeaseTable } from "@kinesis-connectors/leases";
import { memoryLeases } from "@kinesis-connectors/leases";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { seededRandom } from "@kinesis-connectors/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dynamoDbLeaseTable } from "../../src/lease-table/dynamodb-lease-table.js";
import { newLease } from "../support/leases.js";
import { createOwnerIndex } from "../support/owner-index.js";

let local: LocalAws;
let client: DynamoDBClient;
let count = 0;

beforeAll(async () => {
  local = await startLocalAws({ kinesis: false, s3: false });
  client = new DynamoDBClient({ ...local.clientOptions("dynamodb"), maxAttempts: 1 });
});

afterAll(async () => {
  client.destroy();
  await local.close();
});

type Row = Record<string, AttributeValue>;

interface Setup {
  readonly table: LeaseTable;
  readonly fleet: FleetTable;
  readonly name: string;
}

function tableNamed(name: string): Setup {
  const table = dynamoDbLeaseTable({
    tableName: name,
    client,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  return { table, fleet: fleetOf(table), name };
}

function fleetOf(table: LeaseTable): FleetTable {
  if (table.fleet === undefined) throw new Error("the table has no rows of a fleet");
  return table.fleet;
}

async function fresh(): Promise<Setup> {
  const setup = tableNamed(`fleet-${count++}`);
  await setup.table.open();
  return setup;
}

async function createTable(name: string, key: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
      KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
    }),
  );
  await expect.poll(async () => (await describeTable(name))?.TableStatus).toBe("ACTIVE");
}

async function describeTable(name: string) {
  return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
}

/** The two tables that KCL 3.0 to 3.4 make beside the one of leases. */
async function withTablesOfOldKcl(): Promise<Setup> {
  const setup = await fresh();
  await createTable(`${setup.name}-CoordinatorState`, "key");
  await createTable(`${setup.name}-WorkerMetricStats`, "wid");
  return setup;
}

async function put(table: string, Item: Row): Promise<void> {
  await client.send(new PutItemCommand({ TableName: table, Item }));
}

async function rowIn(table: string, key: string, value: string): Promise<Row | undefined> {
  const answer = await client.send(
    new GetItemCommand({ TableName: table, Key: { [key]: { S: value } }, ConsistentRead: true }),
  );
  return answer.Item;
}

const lock = (version: string, more: Partial<LeaderLock> = {}): LeaderLock => ({
  ownerId: "a:1",
  version,
  leaseMs: 30_000,
  isReleased: false,
  ...more,
});

describe.each([
  [
    "in memory",
    (): Promise<Setup> => {
      const table = memoryLeases().connect();
      return Promise.resolve({ table, fleet: fleetOf(table), name: "memory" });
    },
  ],
  ["in DynamoDB", fresh],
  ["in the tables of KCL 3.0 to 3.4", withTablesOfOldKcl],
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

describe("rows as KCL workers write and read them", () => {
  test("a report: seconds, empty maps and its type, among the leases where there are no other tables", async () => {
    const { fleet, name } = await fresh();
    await fleet.report("a:1", 1_700_000_000);
    expect(await rowIn(name, "leaseKey", "a:1")).toEqual({
      leaseKey: { S: "a:1" },
      lut: { N: "1700000000" },
      sts: { M: {} },
      opr: { M: {} },
      entityType: { S: "WORKER_METRIC_STATS" },
      kcWorker: { N: "1" },
    });
  });

  test("a KCL worker's report with what it measured, in either table; of two the newer one counts", async () => {
    const { fleet, name } = await withTablesOfOldKcl();
    const stats = {
      sts: { M: { C: { L: [{ N: "12.5" }, { N: "-1" }, { N: "30" }] } } },
      opr: { M: { C: { L: [{ N: "80" }] } } },
      sup: { N: "1" },
      slu: { N: "1000" },
      entityType: { S: "WORKER_METRIC_STATS" },
    };
    await put(`${name}-WorkerMetricStats`, { wid: { S: "java" }, lut: { N: "1000" }, ...stats });
    await put(name, { leaseKey: { S: "java" }, lut: { N: "1030" }, ...stats });
    await put(`${name}-WorkerMetricStats`, { wid: { S: "java 3.4" }, lut: { N: "990" } });
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
    const { fleet, name } = await fresh();
    await fleet.takeLock(lock("v1"), undefined);
    expect(await rowIn(name, "leaseKey", "Leader")).toEqual({
      leaseKey: { S: "Leader" },
      ownerName: { S: "a:1" },
      leaseDuration: { S: "30000" },
      recordVersionNumber: { S: "v1" },
      entityType: { S: "LEADER" },
    });
  });

  test("a lock that a KCL worker wrote, and one that it released", async () => {
    const { fleet, name } = await fresh();
    const java = {
      leaseKey: { S: "Leader" },
      ownerName: { S: "java" },
      leaseDuration: { S: "120000" },
      recordVersionNumber: { S: "u1" },
    };
    await put(name, java);
    const held = await fleet.lock();
    expect(held).toEqual({ ownerId: "java", version: "u1", leaseMs: 120_000, isReleased: false });
    await put(name, { ...java, isReleased: { S: "1" } });
    const released = await fleet.lock();
    expect(released?.isReleased).toBe(true);
    expect(await fleet.takeLock(lock("2"), released)).toBe(true);
    expect(await rowIn(name, "leaseKey", "Leader")).not.toHaveProperty("isReleased");
  });

  test.each([
    ["nothing but its key", {}],
    ["a version that is a number", { recordVersionNumber: { N: "1" }, ownerName: { S: "java" } }],
    ["a version that is empty", { recordVersionNumber: { S: "" } }],
  ])("a row Leader with %s is a lock that can be taken once it has run out", async (_what, attributes) => {
    const { fleet, name } = await fresh();
    await put(name, { leaseKey: { S: "Leader" }, ...attributes });
    const seen = await fleet.lock();
    expect(seen).toMatchObject({ version: "", leaseMs: 120_000, isReleased: false });
    expect(await fleet.takeLock(lock("1"), undefined)).toBe(false);
    expect(await fleet.takeLock(lock("1"), seen)).toBe(true);
    // Somebody was faster.
    expect(await fleet.takeLock(lock("2"), seen)).toBe(false);
    expect((await fleet.lock())?.version).toBe("1");
  });

  test("a lock that claims to count for a year counts for ten minutes", async () => {
    const { fleet, name } = await fresh();
    const row = { leaseKey: { S: "Leader" }, ownerName: { S: "x" }, recordVersionNumber: { S: "1" } };
    await put(name, { ...row, leaseDuration: { S: "31536000000" } });
    expect((await fleet.lock())?.leaseMs).toBe(600_000);
    await put(name, { ...row, leaseDuration: { S: "soon" } });
    expect((await fleet.lock())?.leaseMs).toBe(120_000);
  });

  test("the mode's row keeps what it said before, the newest first", async () => {
    const { fleet, name } = await fresh();
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
    expect(await rowIn(name, "leaseKey", "Migration3.0")).toEqual({
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
      const { fleet, name } = await withTablesOfOldKcl();
      if (tm !== undefined)
        await put(`${name}-CoordinatorState`, { key: { S: "TableMigration3.5" }, tm: { S: tm } });
      expect(await fleet.tableMigration()).toBe(seen);
      await fleet.report("a:1", 1_000);
      await fleet.takeLock(lock("1"), undefined);
      const [report] = await fleet.reports();
      expect(report?.place).toBe(reports);
      const ownLock = await rowIn(`${name}-CoordinatorState`, "key", "Leader");
      const leaseLock = await rowIn(name, "leaseKey", "Leader");
      expect(ownLock === undefined ? "lease-table" : "own-table").toBe(locks);
      expect([ownLock, leaseLock].filter((row) => row !== undefined)).toHaveLength(1);
    },
  );

  test("a coordinator's table without one of reports: reports lie among the leases", async () => {
    const { fleet, name } = await fresh();
    await createTable(`${name}-CoordinatorState`, "key");
    await fleet.report("a:1", 1_000);
    expect((await fleet.reports()).map(({ place }) => place)).toEqual(["lease-table"]);
  });

  test("leases are found by the index of owners, once it is there", async () => {
    const { table, fleet, name } = await fresh();
    for (const key of ["s0", "s1", "s2"]) await table.create(newLease(key));
    for (const lease of await table.list())
      await table.update(lease, { type: "assign", owner: lease.leaseKey === "s1" ? "b:1" : "a:1" });
    await fleet.report("a:1", 1_000);
    expect([await fleet.assignedTo("a:1"), await fleet.hasIndex()]).toEqual([undefined, false]);
    await createOwnerIndex(client, name);
    await expect.poll(async () => await fleet.hasIndex()).toBe(true);
    expect((await fleet.assignedTo("a:1"))?.toSorted()).toEqual(["s0", "s2"]);
    expect(await fleet.assignedTo("nobody")).toEqual([]);
    const first = (await table.list()).find(({ leaseKey }) => leaseKey === "s0");
    if (first !== undefined) await table.update(first, { type: "hand-off", owner: "b:1" });
    await expect.poll(async () => (await fleet.assignedTo("b:1"))?.toSorted()).toEqual(["s0", "s1"]);
  });

  test("F04 a lock whose answer was lost is found to be ours by its version", async () => {
    const { fleet } = await fresh();
    await fleet.lock();
    local.faults.add({ server: "dynamodb", operation: "PutItem", effect: { kind: "reply-lost" } });
    const isTaken = await fleet.takeLock(lock("mine"), undefined);
    expect([isTaken, (await fleet.lock())?.version]).toEqual([false, "mine"]);
    expect(local.faults.unfired()).toEqual([]);
  });

  test("a right that is missing is an error that names it and the table", async () => {
    const { fleet, name } = await fresh();
    await fleet.tableMigration();
    local.faults.add({
      server: "dynamodb",
      operation: "UpdateItem",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    await expect(fleet.report("a:1", 1)).rejects.toThrow(
      `${name} cannot be used: UpdateItem failed with AccessDeniedException; allow dynamodb:UpdateItem`,
    );
  });
});
