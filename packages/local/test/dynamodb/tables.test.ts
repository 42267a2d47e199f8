import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, it } from "vitest";
import { virtualClock } from "../../src/clock.js";
import { errorOf, startDynamoDb, type RunningDynamoDb } from "./start-dynamodb.js";

const TableName = "leases";
const clock = virtualClock();
let dynamo: RunningDynamoDb;
beforeEach(async () => {
  dynamo = await startDynamoDb(clock);
  await dynamo.createTable(TableName);
});
afterEach(async () => {
  await dynamo.stop();
});

const put = (id: string, more: Record<string, { S: string } | { N: string }>) =>
  dynamo.client.send(new PutItemCommand({ TableName, Item: { id: { S: id }, ...more } }));
const describeTable = async () => (await dynamo.client.send(new DescribeTableCommand({ TableName }))).Table;

it("a table protected against deletion stays until the protection is taken off", async () => {
  const protect = (DeletionProtectionEnabled: boolean) =>
    dynamo.client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled }));
  await protect(true);
  expect((await describeTable())?.DeletionProtectionEnabled).toBe(true);
  const error = await errorOf(dynamo.client.send(new DeleteTableCommand({ TableName })));
  expect(error.message).toContain("protected against deletion");
  await protect(false);
  await dynamo.client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists(
    { client: dynamo.client, minDelay: 0.01, maxDelay: 0.05, maxWaitTime: 10 },
    { TableName },
  );
  expect((await dynamo.client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
});

it("protection asked for at creation holds from the start", async () => {
  const { TableDescription } = await dynamo.client.send(
    new CreateTableCommand({
      TableName: "kept",
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
      DeletionProtectionEnabled: true,
    }),
  );
  expect(TableDescription).toMatchObject({
    DeletionProtectionEnabled: true,
    TableArn: "arn:aws:dynamodb:us-east-1:123456789012:table/kept",
  });
  expect((await errorOf(dynamo.client.send(new DeleteTableCommand({ TableName: "kept" })))).name).toBe(
    "ValidationException",
  );
});

it("time to live removes expired items when the clock passes them, and only numbers count", async () => {
  const specification = { AttributeName: "expires", Enabled: true };
  await dynamo.client.send(
    new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: specification }),
  );
  const described = await dynamo.client.send(new DescribeTimeToLiveCommand({ TableName }));
  expect(described.TimeToLiveDescription).toEqual({
    TimeToLiveStatus: "ENABLED",
    AttributeName: "expires",
  });
  const now = Math.floor(clock.now() / 1_000);
  await put("soon", { expires: { N: String(now + 10) } });
  await put("later", { expires: { N: String(now + 100) } });
  await put("text", { expires: { S: String(now + 10) } });
  const left = async () =>
    (await dynamo.client.send(new ScanCommand({ TableName }))).Items?.map(({ id }) => id?.S).sort();
  expect(await left()).toEqual(["later", "soon", "text"]);
  await clock.advance(11_000);
  expect(await left()).toEqual(["later", "text"]);
  const again = new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: specification });
  expect((await errorOf(dynamo.client.send(again))).message).toContain("already enabled");
});

it("an index added to an on-demand table is filled, readable once ACTIVE, kept up, and can be removed", async () => {
  await put("one", { owner: { S: "w1" } });
  await put("two", { owner: { S: "w2" } });
  await put("free", {});
  const create = new UpdateTableCommand({
    TableName,
    AttributeDefinitions: [{ AttributeName: "owner", AttributeType: "S" }],
    GlobalSecondaryIndexUpdates: [
      {
        Create: {
          IndexName: "by-owner",
          KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }],
          Projection: { ProjectionType: "ALL" },
        },
      },
    ],
  });
  const { TableDescription } = await dynamo.client.send(create);
  expect(TableDescription?.GlobalSecondaryIndexes?.[0]?.IndexStatus).toBe("CREATING");
  const ofOwner = async (owner: string) =>
    (
      await dynamo.client.send(
        new QueryCommand({
          TableName,
          IndexName: "by-owner",
          KeyConditionExpression: "#o = :o",
          ExpressionAttributeNames: { "#o": "owner" },
          ExpressionAttributeValues: { ":o": { S: owner } },
        }),
      )
    ).Items?.map(({ id }) => id?.S);
  expect((await errorOf(ofOwner("w1"))).message).toContain("backfilling");
  await clock.advance(1_000);
  await expect
    .poll(async () => (await describeTable())?.GlobalSecondaryIndexes?.[0]?.IndexStatus)
    .toBe("ACTIVE");
  expect(await ofOwner("w1")).toEqual(["one"]);
  await put("two", { owner: { S: "w1" } });
  expect((await ofOwner("w1"))?.sort()).toEqual(["one", "two"]);
  expect(await ofOwner("w2")).toEqual([]);
  await dynamo.client.send(
    new UpdateTableCommand({
      TableName,
      GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-owner" } }],
    }),
  );
  expect((await describeTable())?.GlobalSecondaryIndexes).toBeUndefined();
  expect((await errorOf(ofOwner("w1"))).name).toBe("ValidationException");
});

it("an index without its attribute's definition is refused", async () => {
  const create = new UpdateTableCommand({
    TableName,
    GlobalSecondaryIndexUpdates: [
      {
        Create: {
          IndexName: "by-owner",
          KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }],
          Projection: { ProjectionType: "ALL" },
        },
      },
    ],
  });
  expect((await errorOf(dynamo.client.send(create))).message).toContain("AttributeDefinitions");
});

it("backups are described and point-in-time recovery is switched", async () => {
  const status = async () =>
    (await dynamo.client.send(new DescribeContinuousBackupsCommand({ TableName })))
      .ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  expect(await status()).toBe("DISABLED");
  await dynamo.client.send(
    new UpdateContinuousBackupsCommand({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  );
  expect(await status()).toBe("ENABLED");
  const missing = new DescribeContinuousBackupsCommand({ TableName: "none" });
  expect((await errorOf(dynamo.client.send(missing))).name).toBe("TableNotFoundException");
});
