import { isDeepStrictEqual } from "node:util";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  ConditionalCheckFailedException,
  DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { systemClock } from "@kinesis-connectors/core";
import { failureFrom } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connect, type DynamoDbConnection } from "../src/connection.js";
import { WRITTEN_OPERATIONS, requestJson } from "../src/protocol/request-json.js";
import { type AnsweringServer, CREDENTIALS, startAnswering } from "./answering.js";

const short = fc.oneof(
  fc.string({ unit: "grapheme-ascii", maxLength: 120 }),
  // Lone surrogates, controls and quotes among them.
  fc.string({ unit: "binary", maxLength: 120 }),
  fc.constantFrom(
    "",
    '"',
    "\\",
    "\u0000",
    "\ud800",
    "x\udc00x",
    "\u2028",
    "grün 鍵 😀",
    "__proto__",
    "x".repeat(5_000),
  ),
);
/** Long ones are written in another way. */
const text = fc.oneof(
  short,
  fc.tuple(fc.integer({ min: 40, max: 60 }), short).map(([length, end]) => "x".repeat(length) + end),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }).map(String),
  fc.constantFrom("0", "1E-130", "9.9999999999999999999999999999999999999E+125"),
);
const bytes = fc.uint8Array({ maxLength: 50 });
const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text.map((S) => ({ S })),
    number.map((N) => ({ N })),
    bytes.map((B) => ({ B })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true }),
    fc.array(text, { maxLength: 3 }).map((SS) => ({ SS })),
    fc.array(number, { maxLength: 3 }).map((NS) => ({ NS })),
    fc.array(bytes, { maxLength: 3 }).map((BS) => ({ BS })),
    fc.array(tie("value"), { maxLength: 3 }).map((L) => ({ L })),
    fc.dictionary(text, tie("value"), { maxKeys: 3, noNullPrototype: true }).map((M) => ({ M })),
  ),
}));
/** What a program without types may give, and what a later version of the service may have. */
const strange = fc.constantFrom<unknown>(
  { S: "a", N: "1" },
  { S: "a", N: undefined },
  { S: 7 },
  { S: "a", B: null },
  { L: [{ S: "a" }, null, { S: "b" }] },
  { M: { a: { S: "a" }, b: null } },
  { NULL: false },
  { BS: [] },
  { Z: "z" },
) as fc.Arbitrary<AttributeValue>;
const attributes = fc.dictionary(
  text,
  fc.oneof({ weight: 30, arbitrary: value }, { weight: 1, arbitrary: strange }),
  { maxKeys: 6, noNullPrototype: true },
);
const names = fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true });

const batch: fc.Arbitrary<BatchWriteItemCommandInput> = fc.record(
  {
    RequestItems: fc.dictionary(
      fc.string({ minLength: 1 }),
      fc.array(
        fc.oneof(
          attributes.map((Item) => ({ PutRequest: { Item } })),
          attributes.map((Key) => ({ DeleteRequest: { Key } })),
        ),
        { minLength: 1, maxLength: 6 },
      ),
      { minKeys: 1, maxKeys: 2, noNullPrototype: true },
    ),
    ReturnConsumedCapacity: fc.constantFrom("TOTAL", "NONE", undefined),
  },
  { requiredKeys: ["RequestItems"] },
);
const put: fc.Arbitrary<PutItemCommandInput> = fc.record(
  {
    TableName: text,
    Item: attributes,
    ConditionExpression: text,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: attributes,
    ReturnValues: fc.constantFrom("NONE", "ALL_OLD"),
  },
  { requiredKeys: ["TableName", "Item"] },
);
const update: fc.Arbitrary<UpdateItemCommandInput> = fc.record(
  {
    TableName: text,
    Key: attributes,
    UpdateExpression: text,
    ConditionExpression: fc.option(text, { nil: undefined }),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: attributes,
    // Of the old kind, which is not written here.
    Expected: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: value.map((Value) => ({ a: { Value } })) },
    ),
  },
  { requiredKeys: ["TableName", "Key"] },
);

interface Both extends AsyncDisposable {
  readonly server: AnsweringServer;
  readonly stock: DynamoDBClient;
  readonly ours: DynamoDbConnection;
}

async function startBoth(): Promise<Both> {
  const server = await startAnswering();
  const reach = { region: "eu-central-1", endpoint: server.endpoint, credentials: CREDENTIALS };
  const stock = new DynamoDBClient({ ...reach, maxAttempts: 1 });
  const ours = connect(reach);
  return {
    server,
    stock,
    ours,
    [Symbol.asyncDispose]: async () => {
      stock.destroy();
      ours.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const bounds = { signal: new AbortController().signal, clock: systemClock };

describe("requests", () => {
  it.each([
    ["BatchWriteItem", batch, BatchWriteItemCommand],
    ["PutItem", put, PutItemCommand],
    ["UpdateItem", update, UpdateItemCommand],
  ] as const)("%s is what the SDK's own serializer writes", async (_name, inputs, Command) => {
    await using both = await startBoth();
    const { server, stock, ours } = both;
    let writtenHere = 0;
    await fc.assert(
      fc.asyncProperty(inputs as fc.Arbitrary<never>, async (input) => {
        const command = Command as unknown as new (given: object) => PutItemCommand;
        const theirs = await stock.send(new command(input)).then(
          () => server.asked.at(-1),
          // It refuses some of the strangest before anything is sent.
          () => undefined,
        );
        const own = await ours.request(command, input, bounds).then(
          () => server.asked.at(-1),
          () => undefined,
        );
        if (requestJson(input) !== undefined) writtenHere += 1;
        expect(own === undefined).toBe(theirs === undefined);
        if (own === undefined || theirs === undefined) return;
        expect(isDeepStrictEqual(jsonOf(own.body), jsonOf(theirs.body))).toBe(true);
        for (const header of ["content-type", "x-amz-target", "host"])
          expect(own.headers[header]).toBe(theirs.headers[header]);
        expect(own.headers["content-length"]).toBe(String(own.body.length));
      }),
      { numRuns: 150 },
    );
    expect(writtenHere).toBeGreaterThan(50);
  });

  it("of the usual shape are written here and not by the SDK, and the strange ones are not", () => {
    expect([...WRITTEN_OPERATIONS]).toEqual(["BatchWriteItem", "PutItem", "UpdateItem"]);
    const Item = { a: { S: "ä" }, b: { L: [{ N: "1" }, { BOOL: true }] }, c: { B: Uint8Array.of(255) } };
    expect(String(requestJson({ TableName: "t", Item }))).toBe(
      '{"TableName":"t","Item":{"a":{"S":"ä"},"b":{"L":[{"N":"1"},{"BOOL":true}]},"c":{"B":"/w=="}}}',
    );
    expect(requestJson({ TableName: "t", Item: { a: { S: "a", N: "1" } } })).toBeUndefined();
    expect(requestJson({ TableName: "t", Item, Novelty: {} })).toBeUndefined();
    // What was given up leaves nothing behind.
    expect(String(requestJson({ TableName: "t" }))).toBe('{"TableName":"t"}');
  });

  it("of 16 MB come over whole, and small ones after them", async () => {
    await using both = await startBoth();
    const { server, ours } = both;
    const large = "grün".repeat(80_000);
    const RequestItems = {
      t: Array.from({ length: 25 }, () => ({ PutRequest: { Item: { a: { S: large } } } })),
    };
    await ours.request(BatchWriteItemCommand, { RequestItems }, bounds);
    await ours.request(PutItemCommand, { TableName: "t", Item: { a: { S: "small" } } }, bounds);
    const [first, second] = server.asked;
    expect(isDeepStrictEqual(jsonOf(first?.body), { RequestItems })).toBe(true);
    expect(jsonOf(second?.body)).toEqual({ TableName: "t", Item: { a: { S: "small" } } });
  });
});

const jsonOf = (body: Buffer | undefined): unknown => JSON.parse(body?.toString("utf8") ?? "");

describe("answers", () => {
  it.each([
    "{}",
    '{"UnprocessedItems":{}}',
    ' { "UnprocessedItems" : {} } ',
    '{"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"id":{"S":"a"},"b":{"B":"/w=="},"s":{"BS":["AA=="]}}}}]}}',
    '{"ConsumedCapacity":[{"TableName":"t","CapacityUnits":1.5}],"Novelty":1}',
  ])("%j is read as the SDK reads it", async (body) => {
    await using both = await startBoth();
    const { server, stock, ours } = both;
    let answered = 0;
    server.answer = () => ({ body, headers: { "x-amzn-requestid": `r-${(answered += 1)}` } });
    const RequestItems = { t: [{ PutRequest: { Item: { id: { S: "a" } } } }] };
    const theirs = await stock.send(new BatchWriteItemCommand({ RequestItems }));
    for (let count = 0; count < 2; count += 1) {
      const own = await ours.request(BatchWriteItemCommand, { RequestItems }, bounds);
      expect({ ...own, $metadata: {} }).toEqual({ ...theirs, $metadata: {} });
      expect(own.$metadata).toMatchObject({ httpStatusCode: 200, requestId: `r-${answered}` });
    }
  });

  it.each([200, 204])(
    "that say nothing are no success (%i): those of DynamoDB say `{}` at least",
    async (status) => {
      await using both = await startBoth();
      const { server, ours } = both;
      const input = { TableName: "t", Item: { id: { S: "a" } } };
      for (const nth of [1, 2]) {
        server.answer = () => ({ status, body: "" });
        await expect(ours.request(PutItemCommand, input, bounds), `request ${nth}`).rejects.toThrow(
          "nothing else",
        );
        server.answer = () => ({ body: "{}" });
        await ours.request(PutItemCommand, input, bounds);
      }
    },
  );

  it("that are errors are thrown as the SDK's own exceptions", async () => {
    await using both = await startBoth();
    const { server, stock, ours } = both;
    const input = { TableName: "t", Item: { id: { S: "a" } } };
    await ours.request(PutItemCommand, input, bounds);
    for (const answered of [
      {
        status: 400,
        body: '{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}',
      },
      { status: 400, body: '{"__type":"ValidationException","Message":"no"}' },
      { status: 503, body: "<html>busy</html>", headers: { "content-type": "text/html" } },
      { status: 200, body: "<html>a page of a proxy</html>", headers: { "content-type": "text/html" } },
    ]) {
      server.answer = () => answered;
      const theirs = await failureFrom(stock.send(new PutItemCommand(input)));
      const own = await failureFrom(ours.request(PutItemCommand, input, bounds));
      expect(own.name).toBe(theirs.name);
      expect(own.constructor).toBe(theirs.constructor);
      expect(own).toMatchObject({ $metadata: { httpStatusCode: answered.status } });
    }
    server.answer = () => ({ status: 400, body: '{"__type":"ConditionalCheckFailedException"}' });
    expect(await failureFrom(ours.request(PutItemCommand, input, bounds))).toBeInstanceOf(
      ConditionalCheckFailedException,
    );
  });
});
