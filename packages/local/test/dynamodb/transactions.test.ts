import {
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { virtualClock } from "../../src/clock.js";
import { errorOf, startDynamoDb, type RunningDynamoDb } from "./start-dynamodb.js";

const TableName = "accounts";
const clock = virtualClock();
let dynamo: RunningDynamoDb;
beforeAll(async () => {
  dynamo = await startDynamoDb(clock);
  await dynamo.createTable(TableName);
});
afterAll(async () => {
  await dynamo.stop();
});

const id = (value: string) => ({ id: { S: value } });
const put = (key: string, n: number) =>
  dynamo.client.send(new PutItemCommand({ TableName, Item: { ...id(key), n: { N: String(n) } } }));
const amount = async (key: string) =>
  (await dynamo.client.send(new GetItemCommand({ TableName, Key: id(key) }))).Item?.["n"]?.N;
const write = (TransactItems: TransactWriteItem[], ClientRequestToken?: string) =>
  dynamo.once.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
const add = (key: string, n: number, least = -1_000): TransactWriteItem => ({
  Update: {
    TableName,
    Key: id(key),
    UpdateExpression: "SET n = n + :n",
    ConditionExpression: "n >= :least",
    ExpressionAttributeValues: { ":n": { N: String(n) }, ":least": { N: String(least) } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
});

it("a transaction writes all of its items: put, update, delete, with a check that changes nothing", async () => {
  await put("from", 10);
  await put("gone", 1);
  await write([
    add("from", -4),
    { Put: { TableName, Item: { ...id("to"), n: { N: "4" } } } },
    { Delete: { TableName, Key: id("gone") } },
    {
      ConditionCheck: { TableName, Key: id("absent"), ConditionExpression: "attribute_not_exists(id)" },
    },
  ]);
  expect([await amount("from"), await amount("to"), await amount("gone"), await amount("absent")]).toEqual([
    "6",
    "4",
    undefined,
    undefined,
  ]);
});

it("a transaction with one failed condition writes nothing and says which failed, with its item", async () => {
  await put("a", 1);
  await put("b", 2);
  const error = await errorOf(
    write([add("a", 5), add("b", 5, 100), { Put: { TableName, Item: id("new") } }]),
  );
  expect(error).toBeInstanceOf(TransactionCanceledException);
  expect((error as TransactionCanceledException).CancellationReasons).toMatchObject([
    { Code: "None" },
    { Code: "ConditionalCheckFailed", Item: { ...id("b"), n: { N: "2" } } },
    { Code: "None" },
  ]);
  expect([await amount("a"), await amount("b")]).toEqual(["1", "2"]);
  const fresh = await dynamo.client.send(new GetItemCommand({ TableName, Key: id("new") }));
  expect(fresh.Item).toBeUndefined();
});

it("no reader sees half of a transaction", async () => {
  await put("left", 100);
  await put("right", 0);
  const seen = new Set<number>();
  const reads = async () => {
    for (let n = 0; n < 30; n += 1) {
      const { Responses } = await dynamo.client.send(
        new TransactGetItemsCommand({
          TransactItems: ["left", "right"].map((key) => ({ Get: { TableName, Key: id(key) } })),
        }),
      );
      seen.add((Responses ?? []).reduce((sum, each) => sum + Number(each.Item?.["n"]?.N), 0));
    }
  };
  const writes = async () => {
    for (let n = 0; n < 30; n += 1) await write([add("left", -1), add("right", 1)]);
  };
  await Promise.all([reads(), writes(), reads()]);
  expect([...seen]).toEqual([100]);
});

it("a cancelled transaction takes nothing away from those that succeed beside it", async () => {
  await put("hot", 0);
  await put("cold", 0);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, n) => write([add("hot", 1), add("cold", 1, n % 2 === 0 ? 0 : 1_000)])),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  expect([await amount("hot"), await amount("cold")]).toEqual(["20", "20"]);
});

it("refuses two actions on one item, and an empty or too long list", async () => {
  await put("same", 1);
  expect((await errorOf(write([add("same", 1), add("same", 2)]))).name).toBe("ValidationException");
  expect((await errorOf(write([]))).name).toBe("ValidationException");
  const many = Array.from({ length: 101 }, (_, n) => add(`k${n}`, 1));
  expect((await errorOf(write(many))).name).toBe("ValidationException");
});

it("the same token applies once for ten minutes, and is refused with other parameters", async () => {
  await put("token", 0);
  await write([add("token", 1)], "token-1");
  await write([add("token", 1)], "token-1");
  expect(await amount("token")).toBe("1");
  expect((await errorOf(write([add("token", 2)], "token-1"))).name).toBe(
    "IdempotentParameterMismatchException",
  );
  await clock.advance(600_001);
  await write([add("token", 1)], "token-1");
  expect(await amount("token")).toBe("2");
});

it("F04 a transaction whose reply is lost was applied, and its repetition by the SDK changes nothing more", async () => {
  await put("lost", 0);
  dynamo.faults.add({ operation: "TransactWriteItems", effect: { kind: "reply-lost" } });
  await dynamo.client.send(new TransactWriteItemsCommand({ TransactItems: [add("lost", 1)] }));
  expect(await amount("lost")).toBe("1");
  const entries = dynamo.journal.entries({ operation: "TransactWriteItems" }).slice(-2);
  expect(entries.map(({ status, applied }) => [status, applied])).toEqual([
    [0, true],
    [200, true],
  ]);
});
