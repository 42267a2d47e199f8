import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { request as http1Request } from "node:http";
import { connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/local-aws.js";

let local: LocalAws;
beforeAll(async () => {
  local = await startLocalAws({ s3: { buckets: ["things"] } });
});
afterAll(() => local.close());

const SERVERS = ["kinesis", "s3", "dynamodb", "opensearch"] as const;
const portOf = (server: (typeof SERVERS)[number]): number => Number(new URL(local.endpoints[server]).port);

interface Answer {
  readonly status: number;
  readonly body: string;
}

function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = http1Request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (answer) => {
      let body = "";
      answer.on("data", (chunk: Buffer) => (body += chunk.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

test.each(SERVERS)("%s answers nobody who calls it by another host's name", async (server) => {
  const port = portOf(server);
  for (const host of [
    "rebound.example",
    `rebound.example:${port}`,
    "localhost.example",
    "127.0.0.1.example",
    "x",
  ]) {
    for (const path of ["/", "/things/secret", "/_local/journal"]) {
      const { status, body } = await ask(port, path, { host });
      expect([host, path, status]).toEqual([host, path, 403]);
      expect(body).toContain("use localhost or 127.0.0.1");
    }
  }
  expect(local.journal.entries({ server })).toEqual([]);
});

test("nor over HTTP/2, nor after Expect: 100-continue", async () => {
  const session = connect(local.endpoints.kinesis);
  const stream = session.request({ ":path": "/_local/journal", ":authority": "rebound.example" });
  const status = await new Promise((resolve) => {
    stream.on("response", (headers) => resolve(headers[":status"]));
  });
  expect(status).toBe(403);
  session.destroy();
  const socket = connectTcp(portOf("s3"), "127.0.0.1");
  socket.write(
    "PUT /things/a HTTP/1.1\r\nhost: rebound.example\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n",
  );
  const answer = await new Promise<string>((resolve) =>
    socket.once("data", (chunk: Buffer) => resolve(chunk.toString())),
  );
  expect(answer).toMatch(/^HTTP\/1.1 403 /);
  socket.destroy();
});

test.each([
  "localhost",
  "LOCALHOST:99",
  "things.localhost:99",
  "127.0.0.1:99",
  "[::1]:99",
  "things.s3.eu-central-1.amazonaws.com",
])("by %s this machine is called", async (host) => {
  expect(await ask(portOf("s3"), "/_local/journal", { host })).toMatchObject({ status: 200 });
});

test("an SDK client says a name that is this machine's", async () => {
  const client = new DynamoDBClient(local.clientOptions("dynamodb"));
  expect(await client.send(new ListTablesCommand({}))).toMatchObject({ TableNames: [] });
  client.destroy();
});

test.each(SERVERS)("pages in a browser neither read the journal of %s nor set rules", async (server) => {
  for (const origin of ["http://localhost:3000", "https://page.example", "null"]) {
    for (const [method, path] of [
      ["GET", "/_local/journal"],
      ["POST", "/_local/faults"],
      ["DELETE", "/_local/faults"],
    ] as const) {
      const { status } = await ask(portOf(server), path, { host: "127.0.0.1", origin }, method);
      expect([origin, method, status]).toEqual([origin, method, 403]);
    }
  }
  expect(await ask(portOf(server), "/_local/faults", { host: "127.0.0.1" })).toEqual({
    status: 200,
    body: "[]",
  });
});
