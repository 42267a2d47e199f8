import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Logger, type Random, systemClock } from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { dynamoDbLeaseTable } from "../../src/lease-table/dynamodb-lease-table.js";
import { newLease } from "../support/leases.js";
import { excluded, seededRandom } from "@kinesis-connectors/testkit";
import { describeLeaseTable } from "@kinesis-connectors/testkit/leases";

let local: LocalAws;
let client: DynamoDBClient;
/** Gives requests up soon. */
let hasty: DynamoDBClient;
let count = 0;
let warnings: string[] = [];

const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_fields, message) => void warnings.push(message),
  error: () => undefined,
};

beforeAll(async () => {
  local = await startLocalAws({ kinesis: false, s3: false });
  client = new DynamoDBClient({ ...local.clientOptions("dynamodb"), maxAttempts: 1 });
  hasty = new DynamoDBClient({
    ...local.clientOptions("dynamodb"),
    maxAttempts: 1,
    requestHandler: { requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
});

afterAll(async () => {
  client.destroy();
  hasty.destroy();
  await local.close();
});

function tableNamed(
  tableName: string,
  more: { readonly createTable?: boolean; readonly client?: DynamoDBClient; readonly random?: Random } = {},
): LeaseTable {
  return dynamoDbLeaseTable({
    tableName,
    client,
    clock: systemClock,
    random: seededRandom(1),
    logger,
    ...more,
  });
}

async function freshTable(): Promise<{ readonly table: LeaseTable; readonly tableName: string }> {
  const tableName = `leases-${count++}`;
  const table = tableNamed(tableName);
  await table.open();
  return { table, tableName };
}

// Thousands of requests, on a busy machine.

describeLeaseTable({
  describe,
  it,
  name: "dynamoDbLeaseTable",
  create: () => {
    const tableName = `leases-${count++}`;
    return Promise.resolve({ tableName, table: tableNamed(tableName) });
  },
  connect: ({ tableName }) => tableNamed(tableName),
  answerLost: () => {
    local.faults.add({
      server: "dynamodb",
      operation: "UpdateItem",
      phase: "after",
      effect: { kind: "reset", at: "before-headers" },
    });
    return () => local.faults.unfired().length === 0;
  },
  restart: excluded("the server on loopback keeps its tables in memory"),
  setCounter: async ({ tableName, table }, leaseKey, counter) => {
    await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: { leaseKey: { S: leaseKey } },
        UpdateExpression: "SET leaseCounter = :counter",
        ExpressionAttributeValues: { ":counter": { N: `${counter}` } },
      }),
    );
    return table;
  },
});

describe("the lease table on DynamoDB", () => {
  test("is made with the KCL's key and on-demand billing", async () => {
    const { tableName } = await freshTable();
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    expect(Table?.KeySchema).toEqual([{ AttributeName: "leaseKey", KeyType: "HASH" }]);
    expect(Table?.BillingModeSummary?.BillingMode).toBe("PAY_PER_REQUEST");
  });

  test("rows hold the KCL's attributes with its types, and ours with their prefix", async () => {
    const { table, tableName } = await freshTable();
    const hashKeyRange = { startingHashKey: "0", endingHashKey: "9" };
    await table.create(
      newLease("s0", { parentShardIds: ["p0"], checkpoint: "LATEST", startTimestampMs: 5, hashKeyRange }),
    );
    const rowOf = async () =>
      (await client.send(new GetItemCommand({ TableName: tableName, Key: { leaseKey: { S: "s0" } } }))).Item;
    const created = {
      leaseKey: { S: "s0" },
      leaseCounter: { N: "0" },
      ownerSwitchesSinceCheckpoint: { N: "0" },
      checkpoint: { S: "LATEST" },
      checkpointSubSequenceNumber: { N: "0" },
      parentShardId: { SS: ["p0"] },
      startingHashKey: { S: "0" },
      endingHashKey: { S: "9" },
      kcStartTimestampMs: { N: "5" },
    };
    expect(await rowOf()).toEqual(created);
    const fresh = await table.get("s0");
    if (fresh === undefined) throw new Error("no row");
    await table.update(fresh, { type: "take", owner: "w:1" });
    const mine = await table.get("s0");
    if (mine === undefined) throw new Error("no row");
    const pending = { checkpoint: { sequenceNumber: "12", subSequenceNumber: 4 }, state: Uint8Array.of(7) };
    await table.update(mine, { type: "prepare", pending });
    expect(await rowOf()).toEqual({
      ...created,
      leaseCounter: { N: "2" },
      leaseOwner: { S: "w:1" },
      kcOwner: { S: "w:1" },
      pendingCheckpoint: { S: "12" },
      pendingCheckpointSubSequenceNumber: { N: "4" },
      pendingCheckpointState: { B: Uint8Array.of(7) },
    });
    await table.describe("s0", { pausedMs: 6, pausedBy: "ops@host" });
    expect(await rowOf()).toMatchObject({ kcPausedMs: { N: "6" }, kcPausedBy: { S: "ops@host" } });
    const prepared = await table.get("s0");
    if (prepared === undefined) throw new Error("no row");
    await table.update(prepared, { type: "renew", pauseDoneMs: 8 });
    expect(await rowOf()).toMatchObject({ kcPauseDoneMs: { N: "8" } });
    await table.describe("s0", { pausedMs: null, pausedBy: null, pauseDoneMs: null });
    const paused = await table.get("s0");
    if (paused === undefined) throw new Error("no row");
    const to = { checkpoint: "AT_TIMESTAMP", startTimestampMs: 9, readThroughMs: 10 } as const;
    await table.update(paused, { type: "reset", ...to });
    expect(await rowOf()).toEqual({
      ...created,
      leaseCounter: { N: "4" },
      kcOwner: { S: "w:1" },
      checkpoint: { S: "AT_TIMESTAMP" },
      kcStartTimestampMs: { N: "9" },
      kcReadThroughMs: { N: "10" },
    });
  });

  test("facts that are none write nothing, and still say whether there is a row", async () => {
    const { table } = await freshTable();
    await table.create(newLease("s0"));
    expect(await table.describe("s0", {})).toBe(true);
    expect(await table.describe("s0", { childShardIds: [] })).toBe(true);
    expect(await table.describe("s1", {})).toBe(false);
  });

  test("attributes of others survive every change", async () => {
    const { table, tableName } = await freshTable();
    await client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: {
          leaseKey: { S: "s0" },
          leaseCounter: { N: "41" },
          leaseOwner: { S: "java" },
          ownerSwitchesSinceCheckpoint: { N: "2" },
          checkpoint: { S: "100" },
          checkpointSubSequenceNumber: { N: "0" },
          throughputKBps: { N: "1.5" },
          checkpointOwner: { S: "java-before" },
          entityType: { S: "LEASE" },
          somethingNew: { S: "kept" },
        },
      }),
    );
    const seen = await table.get("s0");
    if (seen === undefined) throw new Error("no row");
    expect(seen.checkpointOwner).toBe("java-before");
    expect((await table.update(seen, { type: "take", owner: "w:1" })).type).toBe("applied");
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: { leaseKey: { S: "s0" } } }),
    );
    expect(Item).toMatchObject({
      leaseCounter: { N: "42" },
      ownerSwitchesSinceCheckpoint: { N: "3" },
      throughputKBps: { N: "1.5" },
      entityType: { S: "LEASE" },
      somethingNew: { S: "kept" },
    });
    // K09: what a handoff of KCL 3.x left behind ends with our take.
    expect(Item).not.toHaveProperty("checkpointOwner");
  });

  test("K01 rows that are no leases are neither listed, nor an error, nor touched", async () => {
    const { table, tableName } = await freshTable();
    const foreign = [
      { leaseKey: { S: "Leader" }, entityType: { S: "LEADER" }, ownerName: { S: "w" } },
      {
        leaseKey: { S: "Migration3.0" },
        entityType: { S: "CLIENT_VERSION_MIGRATION" },
        cv: { S: "CLIENT_VERSION_2X" },
      },
      {
        leaseKey: { S: "worker-1" },
        entityType: { S: "WORKER_METRIC_STATS" },
        lut: { N: "1" },
        sts: { M: {} },
      },
      { leaseKey: { S: "TableMigration3.5" }, entityType: { S: "TABLE_MIGRATION" }, tm: { S: "INIT" } },
      {
        leaseKey: { S: "new" },
        entityType: { S: "SOMETHING_UNKNOWN" },
        leaseCounter: { N: "1" },
        checkpoint: { S: "1" },
      },
      { leaseKey: { S: "no-counter" }, checkpoint: { S: "TRIM_HORIZON" } },
      { leaseKey: { S: "bad-checkpoint" }, leaseCounter: { N: "1" }, checkpoint: { S: "SOON" } },
      {
        leaseKey: { S: "1:orders:2:shardId-0" },
        streamName: { S: "1:orders:2" },
        leaseCounter: { N: "1" },
        checkpoint: { S: "1" },
      },
    ];
    for (const Item of foreign) await client.send(new PutItemCommand({ TableName: tableName, Item }));
    await table.create(newLease("s0"));
    warnings = [];
    expect((await table.list()).map(({ leaseKey }) => leaseKey)).toEqual(["s0"]);
    expect(await table.get("worker-1")).toBeUndefined();
    await table.list();
    // One warning for each row that should have been a lease, and only once.
    expect(warnings).toHaveLength(2);
    const { Items } = await client.send(new ScanCommand({ TableName: tableName }));
    for (const row of foreign) expect(Items).toContainEqual(row);
  });

  test("more leases than one page of a scan holds are all listed", async () => {
    const { table } = await freshTable();
    // A page of a scan ends at 1 MB; these rows have about 20 KB each.
    const parents = Array.from({ length: 400 }, (_, index) => `parent-${index}-${"x".repeat(40)}`);
    for (let index = 0; index < 80; index += 1)
      await table.create(newLease(`s${index}`, { parentShardIds: parents }));
    expect(new Set((await table.list()).map(({ leaseKey }) => leaseKey)).size).toBe(80);
  });

  test("the fleet's mode is found in the coordinator's own table, else among the leases", async () => {
    const { table, tableName } = await freshTable();
    const cv = { S: "CLIENT_VERSION_3X" };
    await client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: { leaseKey: { S: "Migration3.0" }, entityType: { S: "x" }, cv },
      }),
    );
    expect(await table.fleetMode()).toBe("CLIENT_VERSION_3X");
    const coordinator = `${tableName}-CoordinatorState`;
    await client.send(
      new CreateTableCommand({
        TableName: coordinator,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
      }),
    );
    await expect
      .poll(
        async () =>
          (await client.send(new DescribeTableCommand({ TableName: coordinator }))).Table?.TableStatus,
      )
      .toBe("ACTIVE");
    await client.send(
      new PutItemCommand({
        TableName: coordinator,
        Item: { key: { S: "Migration3.0" }, cv: { S: "CLIENT_VERSION_2X" } },
      }),
    );
    expect(await table.fleetMode()).toBe("CLIENT_VERSION_2X");
  });

  test("F02 throttled reads and creations are repeated, a throttled update is said to be not applied", async () => {
    const { table } = await freshTable();
    const throttled = { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" } as const;
    local.faults.add({ server: "dynamodb", operation: "PutItem", times: 2, effect: throttled });
    local.faults.add({ server: "dynamodb", operation: "Scan", times: 2, effect: throttled });
    local.faults.add({ server: "dynamodb", operation: "UpdateItem", effect: throttled });
    expect(await table.create(newLease("s0"))).toBe(true);
    const [seen] = await table.list();
    if (seen === undefined) throw new Error("no row");
    expect((await table.update(seen, { type: "take", owner: "a" })).type).toBe("throttled");
    expect((await table.get("s0"))?.owner).toBeUndefined();
    expect(local.faults.unfired()).toEqual([]);
  });

  test.each([
    { name: "its answer was lost", rule: { effect: { kind: "reply-lost" } }, applied: true },
    {
      name: "the connection was cut before it arrived",
      rule: { effect: { kind: "reset", at: "before-headers" } },
      applied: false,
    },
    {
      name: "the server failed after it",
      rule: { phase: "after", effect: { kind: "error", status: 500, code: "InternalServerError" } },
      applied: true,
    },
    {
      name: "the answer takes too long",
      rule: { phase: "after", effect: { kind: "delay", delayMs: 6_000 } },
      applied: true,
    },
  ] as const)("F04 an update is unknown when $name", async ({ rule, applied }) => {
    const { table, tableName } = await freshTable();
    await table.create(newLease("s0"));
    const [seen] = await table.list();
    if (seen === undefined) throw new Error("no row");
    local.faults.add({ server: "dynamodb", operation: "UpdateItem", ...rule });
    const writer = rule.effect.kind === "delay" ? tableNamed(tableName, { client: hasty }) : table;
    expect((await writer.update(seen, { type: "take", owner: "a" })).type).toBe("unknown");
    expect((await table.get("s0"))?.owner).toBe(applied ? "a" : undefined);
  });

  test("F74 a table that was deleted is an error by name, not a wait", async () => {
    const { table, tableName } = await freshTable();
    await table.create(newLease("s0"));
    const [seen] = await table.list();
    if (seen === undefined) throw new Error("no row");
    await client.send(new DeleteTableCommand({ TableName: tableName }));
    await expect(table.update(seen, { type: "renew" })).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
    await expect(table.list()).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
  });

  test("missing rights are an error that names the operation to allow", async () => {
    const { table } = await freshTable();
    const effect = { kind: "error", status: 400, code: "AccessDeniedException" } as const;
    local.faults.add({ server: "dynamodb", operation: "Scan", effect });
    await expect(table.list()).rejects.toThrow("allow dynamodb:Scan");
  });

  test("without rights on the coordinator's table the fleet's mode is looked for among the leases, and that is said once", async () => {
    const { table } = await freshTable();
    warnings = [];
    const effect = { kind: "error", status: 400, code: "AccessDeniedException" } as const;
    local.faults.add({ server: "dynamodb", operation: "GetItem", effect });
    expect([await table.fleetMode(), await table.fleetMode()]).toEqual([undefined, undefined]);
    expect(warnings).toHaveLength(1);
  });

  test("a plan too large for a row is refused with the limit named", async () => {
    const { table } = await freshTable();
    await table.create(newLease("s0"));
    const [seen] = await table.list();
    if (seen === undefined) throw new Error("no row");
    const pending = {
      checkpoint: { sequenceNumber: "1", subSequenceNumber: 0 },
      state: new Uint8Array(420_000),
    };
    await expect(table.update(seen, { type: "prepare", pending })).rejects.toThrow("400 KB");
  });

  test("no credentials: the table cannot be opened, and the error says what to check", async () => {
    const without = new DynamoDBClient({
      ...local.clientOptions("dynamodb"),
      maxAttempts: 1,
      credentials: () =>
        Promise.reject(Object.assign(new Error("none"), { name: "CredentialsProviderError" })),
    });
    const table = dynamoDbLeaseTable({
      tableName: "never",
      client: without,
      clock: systemClock,
      random: { ...seededRandom(1), next: () => 0 },
      logger,
      ownsClient: true,
    });
    await expect(table.open()).rejects.toThrow("no credentials were found; set AWS_ACCESS_KEY_ID");
    table.close?.();
  });

  test.each([
    ["ExpiredTokenException", "renew the session's credentials"],
    ["RequestExpired", "set the machine's clock"],
    ["UnrecognizedClientException", "check the region (option region, or AWS_REGION), the credentials"],
  ])("%s at open: the error says how it is mended", async (code, cure) => {
    const effect = { kind: "error", status: 400, code } as const;
    const fault = local.faults.add({
      server: "dynamodb",
      operation: "DescribeTable",
      times: "always",
      effect,
    });
    try {
      const random = { ...seededRandom(1), next: () => 0 };
      await expect(tableNamed("refused-at-open", { random }).open()).rejects.toThrow(cure);
    } finally {
      local.faults.remove(fault);
    }
  });

  test("a missing table that may not be created is an error that says how to create it", async () => {
    await expect(tableNamed("never-made", { createTable: false }).open()).rejects.toThrow("leaseKey (S)");
  });

  test("a table with another key is refused", async () => {
    await client.send(
      new CreateTableCommand({
        TableName: "orders",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      }),
    );
    await expect(tableNamed("orders").open()).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
  });
});
