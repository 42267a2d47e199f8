import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createEngine } from "../../src/dynamodb/engine.js";
import { startDynamoDb, type RunningDynamoDb } from "./start-dynamodb.js";

// As the KCL 3 makes its lease table and, while the fleet is at work, the index of it (LeaseOwnerToLeaseKeyIndex).
const TableName = "leases";
const IndexName = "LeaseOwnerToLeaseKeyIndex";
const LEASES = 40;
const OWNERS = ["w0", "w1", "w2", "w3"];
const leaseKeyOf = (index: number) => `shardId-${String(index).padStart(12, "0")}`;
const ownerAt = (index: number) => OWNERS[index % OWNERS.length] ?? "";

let dynamo: RunningDynamoDb;
let client: DynamoDBClient;
beforeAll(async () => {
  dynamo = await startDynamoDb();
  client = dynamo.once;
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: "leaseKey", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "leaseKey", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  await waitUntilTableExists({ client, minDelay: 0.01, maxDelay: 0.05, maxWaitTime: 30 }, { TableName });
  for (let index = 0; index < LEASES; index += 1) {
    await client.send(
      new PutItemCommand({
        TableName,
        Item: {
          leaseKey: { S: leaseKeyOf(index) },
          leaseCounter: { N: "0" },
          checkpoint: { S: "TRIM_HORIZON" },
        },
      }),
    );
  }
});
afterAll(async () => {
  await dynamo.stop();
});

/** A take of 3.x, in the SDK for Java's legacy form, with the row told when the condition fails. */
const take = (index: number, owner: string) =>
  client.send(
    new UpdateItemCommand({
      TableName,
      Key: { leaseKey: { S: leaseKeyOf(index) } },
      Expected: { leaseKey: { ComparisonOperator: "NOT_NULL" } },
      AttributeUpdates: {
        leaseOwner: { Action: "PUT", Value: { S: owner } },
        leaseCounter: { Action: "ADD", Value: { N: "1" } },
        checkpointOwner: { Action: "DELETE" },
      },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
  );
const release = (index: number) =>
  client.send(
    new UpdateItemCommand({
      TableName,
      Key: { leaseKey: { S: leaseKeyOf(index) } },
      AttributeUpdates: {
        leaseOwner: { Action: "DELETE" },
        leaseCounter: { Action: "ADD", Value: { N: "1" } },
      },
    }),
  );
/** All pages of an owner's leases, a few at a time. */
const leasesOf = async (owner: string, Limit?: number) => {
  const found: string[] = [];
  let ExclusiveStartKey: QueryCommand["input"]["ExclusiveStartKey"];
  do {
    const page = await client.send(
      new QueryCommand({
        TableName,
        IndexName,
        KeyConditionExpression: "leaseOwner = :leaseOwner",
        ExpressionAttributeValues: { ":leaseOwner": { S: owner } },
        ...(Limit === undefined ? {} : { Limit }),
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    for (const item of page.Items ?? []) {
      expect(Object.keys(item).sort()).toEqual(["leaseKey", "leaseOwner"]);
      found.push(item["leaseKey"]?.S ?? "");
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return found;
};

it("the KCL's index is made while leases are taken, and each owner's leases are found in it, page by page", async () => {
  const rounds = [0, 0, 0, 0];
  const writing = new AbortController();
  const worker = async (first: number) => {
    // Every lease changes hands and is released, again and again; in the end each has the owner of its number.
    while (!writing.signal.aborted) {
      for (let index = first; index < LEASES; index += 4) {
        await take(index, ownerAt(index + (rounds[first] ?? 0)));
        await release(index);
      }
      rounds[first] = (rounds[first] ?? 0) + 1;
    }
    for (let index = first; index < LEASES; index += 4) await take(index, ownerAt(index));
  };
  const workers = [0, 1, 2, 3].map(worker);
  await expect.poll(() => Math.min(...rounds)).toBeGreaterThan(0);
  await client.send(
    new UpdateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: "leaseOwner", AttributeType: "S" },
        { AttributeName: "leaseKey", AttributeType: "S" },
      ],
      GlobalSecondaryIndexUpdates: [
        {
          Create: {
            IndexName,
            KeySchema: [
              { AttributeName: "leaseOwner", KeyType: "HASH" },
              { AttributeName: "leaseKey", KeyType: "RANGE" },
            ],
            Projection: { ProjectionType: "KEYS_ONLY" },
          },
        },
      ],
    }),
  );
  await expect
    .poll(
      async () =>
        (await client.send(new DescribeTableCommand({ TableName }))).Table?.GlobalSecondaryIndexes?.[0]
          ?.IndexStatus,
    )
    .toBe("ACTIVE");
  // Readers beside the writers: none of them is ever refused.
  await Promise.all(
    OWNERS.map(async (owner) => {
      for (let time = 0; time < 25; time += 1) await leasesOf(owner, 3);
    }),
  );
  writing.abort();
  await Promise.all(workers);
  for (const [first, owner] of OWNERS.entries()) {
    const expected = Array.from({ length: LEASES / OWNERS.length }, (_, step) =>
      leaseKeyOf(first + step * OWNERS.length),
    );
    expect(await leasesOf(owner)).toEqual(expected);
    expect(await leasesOf(owner, 3)).toEqual(expected);
  }
  expect((await client.send(new ScanCommand({ TableName, TotalSegments: 1, Segment: 0 }))).Count).toBe(
    LEASES,
  );
});

it("a Scan or a Query leaves nothing open behind it, also one that ends at its limit", async () => {
  const engine = createEngine({ region: "us-east-1", accountId: "123456789012", tableDelayMs: 0 });
  const { db } = engine.store;
  let open = 0;
  const values = db.values.bind(db);
  db.values = (options) => {
    const iterator = values(options);
    const { close } = iterator;
    open += 1;
    return Object.assign(iterator, {
      close: async () => {
        open -= 1;
        await close.call(iterator);
      },
    });
  };
  await engine.call("CreateTable", {
    TableName,
    KeySchema: [{ AttributeName: "leaseKey", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "leaseKey", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST",
  });
  await expect.poll(async () => (await engine.table(TableName)).TableStatus).toBe("ACTIVE");
  for (let index = 0; index < 10; index += 1) {
    await engine.call("PutItem", { TableName, Item: { leaseKey: { S: leaseKeyOf(index) } } });
  }
  for (let time = 0; time < 20; time += 1) {
    expect((await engine.call("Scan", { TableName }))["Count"]).toBe(10);
    expect((await engine.call("Scan", { TableName, Limit: 3 }))["Count"]).toBe(3);
    const query = {
      TableName,
      KeyConditionExpression: "leaseKey = :key",
      ExpressionAttributeValues: { ":key": { S: leaseKeyOf(1) } },
    };
    expect((await engine.call("Query", query))["Count"]).toBe(1);
  }
  await expect.poll(() => open).toBe(0);
});
