import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DescribeStreamSummaryCommand, type KinesisClient } from "@aws-sdk/client-kinesis";
import { silentLogger } from "@kinesis-connectors/core";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";

import { createDynamoDbClient } from "../../src/kinesis/clients/dynamodb-client.js";
import { createKinesisClient, createSubscriptionClient } from "../../src/kinesis/clients/kinesis-clients.js";

const DEFAULT_MIN_VERSION = tls.DEFAULT_MIN_VERSION;

afterEach(() => {
  tls.DEFAULT_MIN_VERSION = DEFAULT_MIN_VERSION;
  vi.unstubAllEnvs();
});

const pem = (name: string): Buffer =>
  readFileSync(new URL(`../../../../bench/tls/test-only-${name}.pem`, import.meta.url));

async function reachOf(server: Server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return { endpoint: `https://127.0.0.1:${port}`, region: "eu-central-1", credentials };
}

type Reach = Awaited<ReturnType<typeof reachOf>>;

interface Caller {
  readonly call: () => Promise<unknown>;
  readonly destroy: () => void;
}

const reading = (client: KinesisClient): Caller => ({
  call: () => client.send(new DescribeStreamSummaryCommand({ StreamName: "clicks" })),
  destroy: () => client.destroy(),
});
const leasing = (client: DynamoDBClient): Caller => ({
  call: () => client.send(new DescribeTableCommand({ TableName: "leases" })),
  destroy: () => client.destroy(),
});
const CLIENTS: readonly [string, (reach: Reach) => Promise<Caller>][] = [
  ["Kinesis", async (reach) => reading(await createKinesisClient(reach, silentLogger).made())],
  ["subscriptions", async (reach) => reading(await createSubscriptionClient(reach, silentLogger))],
  [
    "the lease table",
    async (reach) => leasing(await createDynamoDbClient(reach, silentLogger, 5_000).made()),
  ],
];

async function failureBy({ call, destroy }: Caller): Promise<string> {
  const failure: unknown = await call().then(
    () => "answered",
    (thrown: unknown) => thrown,
  );
  destroy();
  return String(failure);
}

/** The versions that a ClientHello offers, newest first (RFC 8446 section 4.2.1). */
function offeredVersions(hello: Buffer): number[] {
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  for (at += 2; at < hello.length; at += 4 + hello.readUInt16BE(at + 2)) {
    if (hello.readUInt16BE(at) !== 43) continue;
    return Array.from({ length: hello.readUInt8(at + 4) / 2 }, (_, nth) =>
      hello.readUInt16BE(at + 5 + nth * 2),
    );
  }
  throw new Error("the ClientHello names no versions");
}

describe.each(CLIENTS)("the client of %s over TLS", (_name, create) => {
  it("sends nothing to a server whose certificate nobody vouches for, whatever the environment says", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    let requests = 0;
    const files = { cert: pem("certificate"), key: pem("key"), allowHTTP1: true };
    const server = createSecureServer(files, (_request, response) => {
      requests += 1;
      response.end();
    });
    expect(await failureBy(await create(await reachOf(server)))).toMatch(/self-signed certificate/);
    expect(requests).toBe(0);
    server.close();
  });

  it("offers TLS 1.2 and 1.3 and nothing older, whatever the process allows", async () => {
    tls.DEFAULT_MIN_VERSION = "TLSv1";
    const hellos: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (hello: Buffer) => {
        hellos.push(hello);
        socket.destroy();
      });
    });
    await failureBy(await create(await reachOf(server)));
    expect(hellos.length).toBeGreaterThan(0);
    for (const hello of hellos) expect(offeredVersions(hello)).toEqual([0x0304, 0x0303]);
    server.close();
  });
});
