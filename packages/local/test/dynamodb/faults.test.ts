import { GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { errorOf, startDynamoDb, type RunningDynamoDb } from "./start-dynamodb.js";

const TableName = "leases";
let dynamo: RunningDynamoDb;
beforeAll(async () => {
  dynamo = await startDynamoDb();
  await dynamo.createTable(TableName);
});
afterEach(() => {
  // A rule that never fired means that a test did not test what it believes.
  const unfired = dynamo.faults.unfired();
  dynamo.faults.clear();
  if (unfired.length > 0) throw new Error(`rules never fired: ${unfired.join(", ")}`);
});
afterAll(async () => {
  await dynamo.stop();
});

const Key = { id: { S: "shard-1" } };
const renew = (counter: number) =>
  new UpdateItemCommand({
    TableName,
    Key,
    UpdateExpression: "SET leaseCounter = :n",
    ExpressionAttributeValues: { ":n": { N: String(counter) } },
  });
const counter = async () =>
  (await dynamo.client.send(new GetItemCommand({ TableName, Key }))).Item?.["leaseCounter"]?.N;

it.each(["ProvisionedThroughputExceededException", "ThrottlingException"])(
  "F02 %s reaches the client and nothing is written; the SDK's retry gets through",
  async (code) => {
    await dynamo.client.send(renew(1));
    dynamo.faults.add({
      operation: "UpdateItem",
      where: { table: TableName, key: "shard-1" },
      effect: { kind: "error", status: 400, code },
    });
    expect((await errorOf(dynamo.once.send(renew(2)))).name).toBe(code);
    expect(await counter()).toBe("1");
    dynamo.faults.add({ operation: "UpdateItem", effect: { kind: "error", status: 400, code } });
    await dynamo.client.send(renew(3));
    expect(await counter()).toBe("3");
  },
);

it("F04 a write whose reply is lost was applied, and the journal says so", async () => {
  dynamo.faults.add({ id: "lost", operation: "UpdateItem", effect: { kind: "reply-lost" } });
  await errorOf(dynamo.once.send(renew(7)));
  expect(await counter()).toBe("7");
  expect(dynamo.journal.entries({ operation: "UpdateItem" }).at(-1)).toMatchObject({
    server: "dynamodb",
    parameters: { table: TableName, key: "shard-1" },
    applied: true,
    status: 0,
    faults: ["lost"],
  });
});

it("F36 a connection reset before the change leaves nothing behind", async () => {
  await dynamo.client.send(renew(8));
  dynamo.faults.add({ operation: "UpdateItem", effect: { kind: "reset", at: "before-headers" } });
  await errorOf(dynamo.once.send(renew(9)));
  expect(await counter()).toBe("8");
});

it("an error after the change was applied is told, and the change stays", async () => {
  dynamo.faults.add({
    operation: "UpdateItem",
    phase: "after",
    effect: { kind: "error", status: 500, code: "InternalServerError" },
  });
  expect((await errorOf(dynamo.once.send(renew(10)))).name).toBe("InternalServerError");
  expect(await counter()).toBe("10");
});

it("F03 an outage lasts as long as its rule", async () => {
  dynamo.faults.add({
    server: "dynamodb",
    times: "always",
    id: "outage",
    effect: { kind: "error", status: 500, code: "InternalServerError" },
  });
  for (let n = 0; n < 3; n += 1) await errorOf(dynamo.once.send(renew(20 + n)));
  dynamo.faults.remove("outage");
  expect(await counter()).toBe("10");
});

it("journals each call with its table and key and never with another attribute", async () => {
  const before = dynamo.journal.last();
  await dynamo.client.send(
    new PutItemCommand({ TableName, Item: { id: { S: "k" }, secret: { S: "canary" } } }),
  );
  const entries = dynamo.journal.entries({ after: before });
  expect(entries).toMatchObject([
    { operation: "PutItem", parameters: { table: TableName, key: "k" }, applied: true, status: 200 },
  ]);
  expect(JSON.stringify(entries)).not.toContain("canary");
});

it("an unknown operation is told in words", async () => {
  const answer = await fetch(dynamo.server.url, {
    method: "POST",
    headers: { "x-amz-target": "DynamoDB_20120810.ExecuteStatement" },
    body: "{}",
  });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain("ExecuteStatement is not emulated");
});
