import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";

import { type Logger, silentLogger } from "@kinesis-connectors/core";
import { WireFormatError } from "@kinesis-connectors/wire";
import { describe, expect, it } from "vitest";

import { createDynamoDbClient } from "../../src/kinesis/clients/dynamodb-client.js";
import { createKinesisClient } from "../../src/kinesis/clients/kinesis-clients.js";
import { isForGood, KinesisCallError } from "../../src/kinesis/kinesis-api.js";
import { asCallError } from "../../src/kinesis/kinesis-failures.js";
import { kinesisLater } from "../../src/kinesis/sdk-kinesis.js";

/** An HTTP server that answers everything with one JSON text, and remembers what it was asked. */
async function answering(body: string, status = 200) {
  const requests: IncomingMessage[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
    response.end(body);
  });
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    requests,
    connections: () => connections,
    reach: {
      endpoint: `http://127.0.0.1:${port}`,
      region: "eu-central-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("the clients that a connector makes", () => {
  it("keep their connection: many calls, one connection, with our name in the user agent", async () => {
    await using server = await answering('{"StreamDescriptionSummary":{"StreamName":"clicks"}}');
    const api = kinesisLater(
      createKinesisClient(server.reach, silentLogger),
      { StreamName: "clicks" },
      { ownsClient: true },
    );
    for (let call = 0; call < 8; call += 1) expect((await api.describeStream()).streamName).toBe("clicks");
    api.close();
    expect(server.requests).toHaveLength(8);
    expect(server.connections()).toBe(1);
    expect(server.requests[0]?.headers["user-agent"]).toContain("kinesis-connectors/1.0.0");
  });

  it("do not repeat a failed call by themselves", async () => {
    await using server = await answering('{"__type":"InternalFailureException"}', 500);
    const api = kinesisLater(
      createKinesisClient(server.reach, silentLogger),
      { StreamName: "clicks" },
      { ownsClient: true },
    );
    await expect(api.getRecords("iterator", 1)).rejects.toMatchObject({
      name: "KinesisCallError",
      kind: "transient",
      operation: "GetRecords",
    });
    api.close();
    const dynamodb = await createDynamoDbClient(server.reach, silentLogger, 1_000).made();
    expect(await dynamodb.config.maxAttempts()).toBe(1);
    dynamodb.destroy();
    expect(server.requests).toHaveLength(1);
  });

  it("say once that the server speaks no CBOR, and go on in JSON; wireFormat json asks for it from the start", async () => {
    await using server = await answering('{"Records":[],"NextShardIterator":"n","MillisBehindLatest":0}');
    const warnings: unknown[] = [];
    let fallbacks = 0;
    const logger: Logger = { ...silentLogger, warn: (...line) => void warnings.push(line) };
    const contentTypes = (): unknown[] =>
      server.requests.splice(0).map((request) => request.headers["content-type"]);
    const auto = kinesisLater(
      createKinesisClient({ ...server.reach, onWireFallback: () => (fallbacks += 1) }, logger),
      { StreamName: "clicks" },
      { ownsClient: true },
    );
    for (let call = 0; call < 3; call += 1) expect((await auto.getRecords("i", 1)).nextIterator).toBe("n");
    auto.close();
    const json = "application/x-amz-json-1.1";
    expect(contentTypes()).toEqual(["application/x-amz-cbor-1.1", json, json]);
    expect(warnings).toHaveLength(1);
    expect(fallbacks).toBe(1);
    const forced = kinesisLater(
      createKinesisClient({ ...server.reach, wireFormat: "json" }, logger),
      { StreamName: "clicks" },
      { ownsClient: true },
    );
    await forced.getRecords("i", 1);
    forced.close();
    expect(contentTypes()).toEqual([json]);
    expect(warnings).toHaveLength(1);
  });

  it("never hand what was read to the log", async () => {
    await using server = await answering(
      '{"Records":[{"Data":"Q0FOQVJZ","PartitionKey":"CANARY","SequenceNumber":"1"}],"NextShardIterator":"n"}',
    );
    const lines: unknown[] = [];
    const write = (...line: unknown[]): number => lines.push(line);
    const logger: Logger = { debug: write, info: write, warn: write, error: write };
    const api = kinesisLater(
      createKinesisClient(server.reach, logger),
      { StreamName: "clicks" },
      { ownsClient: true },
    );
    expect((await api.getRecords("iterator", 1)).records).toHaveLength(1);
    api.close();
    expect(JSON.stringify(lines)).not.toMatch(/CANARY|Q0FOQVJZ/);
  });
});

describe("what a failure of the SDK means", () => {
  const named = (name: string, status?: number): Error =>
    Object.assign(new Error("said the service"), {
      name,
      ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }),
    });

  it.each([
    [named("ProvisionedThroughputExceededException", 400), "throttled"],
    [named("KMSThrottlingException", 400), "throttled"],
    [named("LimitExceededException", 400), "limit"],
    [named("ExpiredIteratorException", 400), "expired-iterator"],
    [named("ExpiredNextTokenException", 400), "expired-token"],
    [named("ResourceNotFoundException", 400), "not-found"],
    [named("ResourceInUseException", 400), "in-use"],
    [named("InvalidArgumentException", 400), "invalid-argument"],
    [named("AccessDeniedException", 400), "access-denied"],
    [named("KMSDisabledException", 400), "access-denied"],
    [named("ExpiredTokenException", 400), "no-credentials"],
    [named("UnrecognizedClientException", 400), "credentials"],
    [named("RequestExpired", 400), "clock"],
    [named("RequestTimeTooSkewed", 403), "clock"],
    [named("CredentialsProviderError"), "no-credentials"],
    [new Error("Region is missing"), "credentials"],
    [named("InternalFailureException", 500), "transient"],
    [named("SomethingNew", 503), "transient"],
    [named("SomethingNew", 429), "throttled"],
    [named("SomethingNew", 403), "access-denied"],
    [named("SomethingNew", 400), "invalid-argument"],
    [named("RequestThrottledException", 400), "throttled"],
    [named("RequestTimeoutException", 400), "transient"],
    [named("SyntaxError", 404), "transient"],
    [named("Unknown", 403), "transient"],
    [named("TimeoutError"), "transient"],
    [Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }), "transient"],
    ["a text", "transient"],
  ] as const)("%s", (error, kind) => {
    const failure = asCallError("GetRecords", error);
    expect(failure).toMatchObject({ kind, operation: "GetRecords", cause: error });
  });

  it("tells what had worked from what never did", () => {
    const experience = { has: (operation: string) => operation === "GetRecords", size: 1, renews: true };
    const denied = named("AccessDeniedException", 400);
    expect(isForGood(asCallError("GetRecords", denied, experience))).toBe(false);
    expect(isForGood(asCallError("ListShards", denied, experience))).toBe(true);
    const none = named("CredentialsProviderError");
    expect(isForGood(asCallError("ListShards", none, experience))).toBe(false);
    expect(isForGood(asCallError("ListShards", none, { ...experience, size: 0 }))).toBe(true);
    expect(isForGood(asCallError("ListShards", named("UnrecognizedClientException", 400), experience))).toBe(
      true,
    );
    const expired = named("ExpiredTokenException", 400);
    expect(isForGood(asCallError("GetRecords", expired, { ...experience, renews: false }))).toBe(true);
    const foreign = new WireFormatError("as text", { isForeign: true });
    expect(asCallError("GetRecords", foreign, experience).kind).toBe("wire-format");
  });

  it("classifies once", () => {
    const failure = new KinesisCallError("GetRecords", "throttled", "slow down");
    expect(asCallError("GetShardIterator", failure)).toBe(failure);
  });
});
