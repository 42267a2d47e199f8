import { createHash, createHmac } from "node:crypto";
import {
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type AwsCommand, HttpHandler } from "@kinesis-connectors/aws";
import { sleep, systemClock } from "@kinesis-connectors/core";
import { failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it, vi } from "vitest";
import { connect } from "../src/connection.js";
import { type Asked, CREDENTIALS, startAnswering } from "./answering.js";

const input = { TableName: "orders", Item: { id: { S: "a" } } };
const bounds = { signal: new AbortController().signal, clock: systemClock };

/** The signature of a request as it came, computed anew (AWS General Reference, "Signature Version 4 signing process"). */
function signatureOf({ headers, body }: Asked, secret: string): string {
  const [, scope = "", signed = ""] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(headers.authorization ?? "") ?? [];
  const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
  const canonical = [
    "POST",
    "/",
    "",
    ...signed.split(";").map((name) => `${name}:${String(headers[name])}`),
    "",
    signed,
    sha256(body),
  ].join("\n");
  const date = String(headers["x-amz-date"]);
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const hmac = (key: string | Buffer, data: string): Buffer =>
    createHmac("sha256", key).update(data).digest();
  return hmac(scope.split("/").reduce<string | Buffer>(hmac, `AWS4${secret}`), text).toString("hex");
}

const expectSigned = (asked: Asked | undefined, secret: string): void => {
  if (asked === undefined) throw new Error("nothing was asked");
  expect(asked.headers.authorization).toContain(`Signature=${signatureOf(asked, secret)}`);
};

/** Headers that are the same for all requests of one client; the others must be there. */
const sameIn = ({ headers, body }: Asked): Record<string, unknown> => {
  const {
    authorization,
    "x-amz-date": date,
    "amz-sdk-invocation-id": id,
    "x-amz-content-sha256": digest,
    "content-length": length,
    ...others
  } = headers;
  expect([authorization, date, id].every((value) => typeof value === "string")).toBe(true);
  expect(digest).toBe(createHash("sha256").update(body).digest("hex"));
  expect(length).toBe(String(body.length));
  return others;
};

describe("requests after the first", () => {
  it("carry the headers that the client gives, identifiers of their own, and a valid signature", async () => {
    await using server = await startAnswering();
    const credentials = { ...CREDENTIALS, sessionToken: "session-token" };
    const connection = connect({ region: "eu-central-1", endpoint: server.endpoint, credentials });
    for (const S of ["a", "b", "longer"])
      await connection.request(PutItemCommand, { TableName: "orders", Item: { id: { S } } }, bounds);
    // By all of the client's own steps.
    await connection.client.send(new PutItemCommand({ TableName: "orders", Item: { id: { S: "longer" } } }));
    const [first, second, third, last] = server.asked;
    if (first === undefined || second === undefined || third === undefined || last === undefined)
      throw new Error("four requests were made");
    expect(sameIn(second)).toEqual(sameIn(first));
    expect(sameIn(third)).toEqual(sameIn(last));
    expect(sameIn(third)).toMatchObject({ "x-amz-security-token": "session-token" });
    expect(third.body.equals(last.body)).toBe(true);
    const ids = server.asked.map(({ headers }) => headers["amz-sdk-invocation-id"]);
    expect(new Set(ids).size).toBe(4);
    for (const asked of server.asked) expectSigned(asked, CREDENTIALS.secretAccessKey);
    connection.close();
  });

  it.each([
    ["PutItem", PutItemCommand, input],
    [
      "UpdateItem",
      UpdateItemCommand,
      {
        TableName: "orders",
        Key: { id: { S: "\u00e9" } },
        UpdateExpression: "SET #total = :total",
        ExpressionAttributeNames: { "#total": "total" },
        ExpressionAttributeValues: { ":total": { N: "1.5" }, ":bytes": { B: Buffer.from([0, 255]) } },
      },
    ],
    [
      "BatchWriteItem",
      BatchWriteItemCommand,
      { RequestItems: { orders: [{ PutRequest: { Item: { id: { S: "a" }, tags: { SS: ["b"] } } } }] } },
    ],
  ] as [string, AwsCommand<object, object>, object][])(
    "are those of a client as it comes: %s",
    async (name, command, of) => {
      await using server = await startAnswering(() => ({ body: '{"UnprocessedItems":{}}' }));
      const reach = { region: "eu-central-1", endpoint: server.endpoint, credentials: CREDENTIALS };
      const connection = connect(reach);
      const stock = new DynamoDBClient({ ...reach, maxAttempts: 1, requestHandler: new HttpHandler() });
      for (let count = 0; count < 3; count += 1) await connection.request(command, of, bounds);
      await (stock as { send: (command: object) => Promise<object> }).send(new command(of));
      const [, , ours, theirs] = server.asked as [Asked, Asked, Asked, Asked];
      expect(sameIn(ours)).toEqual(sameIn(theirs));
      expect(ours.headers["x-amz-target"]).toBe(`DynamoDB_20120810.${name}`);
      expect(ours.body.toString()).toBe(theirs.body.toString());
      stock.destroy();
      connection.close();
    },
  );

  it("ask the client for nothing again, until its credentials change", async () => {
    await using server = await startAnswering();
    let key = 0;
    const credentials = () => {
      key += 1;
      return Promise.resolve({ accessKeyId: `key-${key}`, secretAccessKey: `secret-${key}` });
    };
    const connection = connect({ region: "eu-central-1", endpoint: server.endpoint, credentials });
    const { config } = await connection.made();
    const inAllSteps = vi.spyOn(config.requestHandler, "handle");
    const put = () => connection.request(PutItemCommand, input, bounds);
    for (let count = 0; count < 3; count += 1) await put();
    expect(inAllSteps).toHaveBeenCalledTimes(1);
    await connection.refreshCredentials();
    for (let count = 0; count < 3; count += 1) await put();
    expect(inAllSteps).toHaveBeenCalledTimes(2);
    expect(server.asked).toHaveLength(6);
    for (const [index, asked] of server.asked.entries())
      expectSigned(asked, index < 3 ? "secret-1" : "secret-2");
    // Each operation has its own.
    await connection.request(GetItemCommand, { TableName: "orders", Key: { id: { S: "a" } } }, bounds);
    expect(inAllSteps).toHaveBeenCalledTimes(3);
    expect(server.asked.at(-1)?.headers["x-amz-target"]).toBe("DynamoDB_20120810.GetItem");
    connection.close();
  });

  it("follow the server's clock", async () => {
    await using server = await startAnswering();
    const connection = connect({
      region: "eu-central-1",
      endpoint: server.endpoint,
      credentials: CREDENTIALS,
    });
    const inAnHour = new Date(Date.now() + 3_600_000);
    server.answer = (_asked, count) => (count === 1 ? {} : { headers: { date: inAnHour.toUTCString() } });
    for (let count = 0; count < 3; count += 1) await connection.request(PutItemCommand, input, bounds);
    const hourOf = (asked: Asked | undefined): string => String(asked?.headers["x-amz-date"]).slice(0, 11);
    expect(hourOf(server.asked[1])).not.toBe(hourOf(server.asked[2]));
    expect(hourOf(server.asked[2])).toBe(inAnHour.toISOString().replaceAll(/[-:]/g, "").slice(0, 11));
    expectSigned(server.asked[2], CREDENTIALS.secretAccessKey);
    connection.close();
  });

  it("fail as those of the client do, and go on after that", async () => {
    await using server = await startAnswering();
    const connection = connect({
      region: "eu-central-1",
      endpoint: server.endpoint,
      credentials: CREDENTIALS,
    });
    const put = () => connection.request(PutItemCommand, input, bounds);
    await put();
    server.answer = () => ({ status: 503, body: "" });
    expect(await failureFrom(put())).toMatchObject({ $metadata: { httpStatusCode: 503 } });
    server.answer = () => ({ breaks: true });
    expect(await failureFrom(put())).toBeInstanceOf(Error);
    server.answer = () => ({});
    await put();
    // Nothing was tried twice.
    expect(server.asked).toHaveLength(4);
    connection.close();
  });

  it("are over when their time is, or the caller gives up", async () => {
    await using server = await startAnswering();
    const reach = { region: "eu-central-1", endpoint: server.endpoint, credentials: CREDENTIALS };
    const connection = connect({ ...reach, requestTimeoutMs: 2_000 });
    await connection.request(PutItemCommand, input, bounds);
    server.answer = () => ({ stalls: true });
    expect((await failureFrom(connection.request(PutItemCommand, input, bounds))).name).toBe("TimeoutError");
    const giving = new AbortController();
    const failure = failureFrom(
      connection.request(PutItemCommand, input, { ...bounds, signal: giving.signal }),
    );
    while (server.asked.length < 3) await sleep(systemClock, 1);
    giving.abort(new Error("lease lost"));
    expect((await failure).message).toBe("lease lost");
    // The server is not left waiting either.
    while (server.abandoned() < 2) await sleep(systemClock, 1);
    connection.close();
  });
});

describe("requests in all steps of the client", () => {
  it("are made in a function, where the trace of its invocation is added to each of them", async () => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "function");
    try {
      await using server = await startAnswering();
      const connection = connect({
        region: "eu-central-1",
        endpoint: server.endpoint,
        credentials: CREDENTIALS,
      });
      // The first one is made while the function starts, when there is no invocation yet.
      for (const trace of [undefined, "Root=1", "Root=2", "Root=3"]) {
        vi.stubEnv("_X_AMZN_TRACE_ID", trace);
        await connection.request(PutItemCommand, input, bounds);
      }
      expect(server.asked.map(({ headers }) => headers["x-amzn-trace-id"])).toEqual([
        undefined,
        "Root=1",
        "Root=2",
        "Root=3",
      ]);
      connection.close();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("are made by a client that the caller brought, whatever its steps do", async () => {
    await using server = await startAnswering();
    const client = new DynamoDBClient({
      region: "eu-central-1",
      endpoint: server.endpoint,
      credentials: CREDENTIALS,
    });
    let count = 0;
    client.middlewareStack.add(
      (next) => (args) => {
        count += 1;
        return next(args);
      },
      { step: "build" },
    );
    const connection = connect({ client });
    for (let sent = 0; sent < 3; sent += 1) await connection.request(PutItemCommand, input, bounds);
    expect(count).toBe(3);
    expect(server.asked).toHaveLength(3);
    client.destroy();
  });
});
