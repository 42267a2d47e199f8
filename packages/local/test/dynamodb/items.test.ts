import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorOf, startDynamoDb, type RunningDynamoDb } from "./start-dynamodb.js";

const TableName = "items";
let dynamo: RunningDynamoDb;
beforeAll(async () => {
  dynamo = await startDynamoDb();
  await dynamo.createTable(TableName);
});
afterAll(async () => {
  await dynamo.stop();
});

const id = (value: string) => ({ id: { S: value } });
const itemOf = async (key: string) =>
  (await dynamo.client.send(new GetItemCommand({ TableName, Key: id(key), ConsistentRead: true }))).Item;

describe("items through the SDK with default settings", () => {
  it("are put, read, updated, queried, scanned and deleted", async () => {
    const Item = { ...id("a"), n: { N: "1" }, b: { B: Buffer.from([1, 2]) }, l: { L: [{ BOOL: true }] } };
    await dynamo.client.send(new PutItemCommand({ TableName, Item }));
    expect(await itemOf("a")).toEqual({ ...Item, b: { B: new Uint8Array([1, 2]) } });
    const { Attributes } = await dynamo.client.send(
      new UpdateItemCommand({
        TableName,
        Key: id("a"),
        UpdateExpression: "SET n = n + :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
        ReturnValues: "UPDATED_NEW",
      }),
    );
    expect(Attributes).toEqual({ n: { N: "2" } });
    const { Items } = await dynamo.client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: "id = :id",
        ExpressionAttributeValues: { ":id": { S: "a" } },
      }),
    );
    expect(Items).toHaveLength(1);
    expect((await dynamo.client.send(new ScanCommand({ TableName }))).Count).toBe(1);
    await dynamo.client.send(new DeleteItemCommand({ TableName, Key: id("a") }));
    expect(await itemOf("a")).toBeUndefined();
  });

  it("F27 of 50 concurrent compare-and-sets exactly one wins", async () => {
    await dynamo.client.send(new PutItemCommand({ TableName, Item: { ...id("cas"), n: { N: "0" } } }));
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) =>
        dynamo.client.send(
          new UpdateItemCommand({
            TableName,
            Key: id("cas"),
            UpdateExpression: "SET n = :n",
            ConditionExpression: "n = :zero",
            ExpressionAttributeValues: { ":n": { N: String(n + 1) }, ":zero": { N: "0" } },
          }),
        ),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it.each(["put", "update", "delete"])(
    "a failed conditional %s tells the item when asked to",
    async (kind) => {
      await dynamo.client.send(
        new PutItemCommand({ TableName, Item: { ...id("held"), owner: { S: "other" } } }),
      );
      const condition = {
        TableName,
        ConditionExpression: "#owner = :me",
        ExpressionAttributeNames: { "#owner": "owner" },
        ExpressionAttributeValues: { ":me": { S: "me" } },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      } as const;
      const error = await errorOf(
        kind === "put"
          ? dynamo.client.send(new PutItemCommand({ ...condition, Item: id("held") }))
          : kind === "update"
            ? dynamo.client.send(new UpdateItemCommand({ ...condition, Key: id("held") }))
            : dynamo.client.send(new DeleteItemCommand({ ...condition, Key: id("held") })),
      );
      expect(error).toBeInstanceOf(ConditionalCheckFailedException);
      expect(error).toMatchObject({ Item: { ...id("held"), owner: { S: "other" } } });
      expect(await itemOf("held")).toMatchObject({ owner: { S: "other" } });
    },
  );

  it("a failed condition on a missing item tells no item", async () => {
    const error = await errorOf(
      dynamo.client.send(
        new UpdateItemCommand({
          TableName,
          Key: id("nobody"),
          ConditionExpression: "attribute_exists(id)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      ),
    );
    expect(error.name).toBe("ConditionalCheckFailedException");
    expect(error).not.toHaveProperty("Item.id");
  });

  it("of a missing table are refused with ResourceNotFoundException", async () => {
    const get = new GetItemCommand({ TableName: "none", Key: id("a") });
    expect((await errorOf(dynamo.client.send(get))).name).toBe("ResourceNotFoundException");
  });
});

describe("batches", () => {
  const put = (key: string, text = "x"): WriteRequest => ({
    PutRequest: { Item: { ...id(key), text: { S: text } } },
  });
  const write = (writes: WriteRequest[]) =>
    dynamo.once.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: writes } }));

  it("take 25 items and no more, no key twice, no item over 400 KB", async () => {
    const writes = Array.from({ length: 26 }, (_, n) => put(`batch-${n}`));
    expect((await write(writes.slice(0, 25))).UnprocessedItems).toEqual({});
    expect((await errorOf(write(writes))).name).toBe("ValidationException");
    expect((await errorOf(write([put("twice"), put("twice")]))).name).toBe("ValidationException");
    expect((await errorOf(write([put("huge", "h".repeat(400 * 1024))]))).message).toContain("size");
  });

  it("take 25 items over all tables together", async () => {
    await dynamo.createTable("others");
    const writes = Array.from({ length: 13 }, (_, n) => put(`spread-${n}`));
    const both = new BatchWriteItemCommand({ RequestItems: { [TableName]: writes, others: writes } });
    expect((await errorOf(dynamo.once.send(both))).message).toContain("Too many items");
  });

  it("of more than 16 MB are refused in words", async () => {
    const error = await errorOf(
      write(Array.from({ length: 25 }, (_, n) => put(`b${n}`, "h".repeat(700_000)))),
    );
    expect(error).toMatchObject({
      name: "ValidationException",
      message: expect.stringContaining("16 MB") as string,
    });
  });

  it("F60 leave some items unprocessed when a rule says so, exactly those", async () => {
    dynamo.faults.add({
      operation: "BatchWriteItem",
      effect: { kind: "partial-failure", indexes: [0, 2] },
    });
    const { UnprocessedItems } = await write([put("u0"), put("u1"), put("u2")]);
    expect(UnprocessedItems).toEqual({ [TableName]: [put("u0"), put("u2")] });
    expect(await itemOf("u0")).toBeUndefined();
    expect(await itemOf("u1")).toBeDefined();
  });

  it("F60 leave all items unprocessed when a rule says so", async () => {
    dynamo.faults.add({ operation: "BatchWriteItem", effect: { kind: "partial-failure" } });
    const { UnprocessedItems } = await write([put("all0"), put("all1")]);
    expect(UnprocessedItems?.[TableName]).toHaveLength(2);
    expect(await itemOf("all0")).toBeUndefined();
  });

  it("read with keys left unprocessed when a rule says so", async () => {
    await write([put("g0"), put("g1")]);
    const get = new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [id("g0"), id("g1")] } } });
    expect((await dynamo.client.send(get)).Responses?.[TableName]).toHaveLength(2);
    dynamo.faults.add({ operation: "BatchGetItem", effect: { kind: "partial-failure", indexes: [1] } });
    const answer = await dynamo.client.send(get);
    expect(answer.Responses?.[TableName]).toHaveLength(1);
    expect(answer.UnprocessedKeys?.[TableName]?.Keys).toEqual([id("g1")]);
  });
});
