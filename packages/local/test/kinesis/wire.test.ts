import { ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttp2Handler, NodeHttpHandler } from "@smithy/node-http-handler";
import { connect, type ClientHttp2Session } from "node:http2";
import { Agent } from "node:https";
import { expect, onTestFinished, test } from "vitest";
import { decodeCborValue } from "../../src/kinesis/protocol/cbor-reader.js";
import { encodeCbor, type CborForm } from "../../src/kinesis/protocol/cbor-writer.js";
import { WireTime, type WireObject } from "../../src/kinesis/protocol/values.js";
import { selfSigned } from "../certificate.js";
import { setup, type Setup } from "./setup.js";

const StreamName = "orders";
const ShardId = "shardId-000000000000";

async function post({ server }: Setup, operation: string, body: string | Uint8Array, form = "json") {
  const answer = await fetch(server.url, {
    method: "POST",
    headers: {
      "content-type": `application/x-amz-${form}-1.1`,
      "x-amz-target": `Kinesis_20131202.${operation}`,
    },
    body,
  });
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    requestId: answer.headers.get("x-amzn-requestid"),
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

test("errors carry code, message and request id", async () => {
  const local = await setup();
  const missing = await post(local, "DescribeStream", JSON.stringify({ StreamName: "none" }));
  expect(missing).toMatchObject({ status: 400, type: "application/x-amz-json-1.1" });
  expect(missing.requestId).toHaveLength(36);
  expect(JSON.parse(missing.body.toString())).toEqual({
    __type: "ResourceNotFoundException",
    message: "Stream none under account 000000000000 not found.",
  });
});

test.each([
  ["NoSuchOperation", "{}", "UnknownOperationException"],
  ["toString", "{}", "UnknownOperationException"],
  ["PutRecord", "{", "SerializationException"],
  ["PutRecord", "[]", "SerializationException"],
  ["PutRecord", "{}", "InvalidArgumentException"],
  ["PutRecord", '{"StreamName":"orders","PartitionKey":"k"}', "ValidationException"],
  ["PutRecord", '{"StreamName":"orders","PartitionKey":"k","Data":"!"}', "SerializationException"],
  ["PutRecord", '{"StreamName":"orders","PartitionKey":"","Data":""}', "ValidationException"],
  ["PutRecord", '{"StreamName":7,"PartitionKey":"k","Data":""}', "SerializationException"],
  ["GetRecords", '{"ShardIterator":"x","Limit":10001}', "ValidationException"],
  ["ListShards", '{"StreamName":"orders","ShardFilter":{"Type":"SIDEWAYS"}}', "ValidationException"],
])("%s with %s is answered with %s", async (operation, body, code) => {
  const local = await setup();
  local.server.call("CreateStream", { StreamName, ShardCount: 1 });
  const answer = await post(local, operation, body);
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ __type: code });
});

test.each(["definite", "indefinite", "mixed"] as const)(
  "CBOR is read and answered, %s",
  async (cbor: CborForm) => {
    const local = await setup({ cbor });
    local.server.call("CreateStream", { StreamName, ShardCount: 1 });
    const call = async (operation: string, input: WireObject | Buffer) => {
      const body = Buffer.isBuffer(input) ? input : encodeCbor(input, cbor);
      const answer = await post(local, operation, body, "cbor");
      expect(answer).toMatchObject({ status: 200, type: "application/x-amz-cbor-1.1" });
      return decodeCborValue(answer.body);
    };
    // {"StreamName": "orders", "PartitionKey": "k", "Data": h'00ff'}
    const put = Buffer.concat([
      Buffer.from("a3", "hex"),
      encodeCbor("StreamName"),
      encodeCbor(StreamName),
      encodeCbor("PartitionKey"),
      encodeCbor("k"),
      encodeCbor("Data"),
      Buffer.from("4200ff", "hex"),
    ]);
    await call("PutRecord", put);
    const at = new WireTime(local.clock.now());
    const first = await call("GetShardIterator", {
      StreamName,
      ShardId,
      ShardIteratorType: "AT_TIMESTAMP",
      Timestamp: at,
    });
    expect(first).toEqual({ ShardIterator: expect.any(String) });
    const page = await call("GetRecords", Object(first));
    expect(page).toMatchObject({
      MillisBehindLatest: 0,
      Records: [{ Data: Buffer.from([0, 255]), PartitionKey: "k", ApproximateArrivalTimestamp: at }],
    });
  },
);

test("a server that refuses CBOR answers JSON", async () => {
  const local = await setup({ cbor: "refuse" });
  const answer = await post(local, "ListStreams", encodeCbor({}), "cbor");
  expect(answer.type).toBe("application/x-amz-json-1.1");
  expect(JSON.parse(answer.body.toString())).toMatchObject({ StreamNames: [] });
});

test("with a certificate the same port speaks TLS, HTTP/2 and HTTP/1.1 by ALPN", async () => {
  const local = await setup({ tls: selfSigned() });
  const session: ClientHttp2Session = connect(local.server.url, { rejectUnauthorized: false });
  onTestFinished(() => {
    session.destroy();
  });
  await new Promise((resolve, reject) => {
    session.once("connect", resolve);
    session.once("error", reject);
  });
  expect(session.alpnProtocol).toBe("h2");
  const httpsAgent = new Agent({ rejectUnauthorized: false });
  const http1 = local.clientWith({ requestHandler: new NodeHttpHandler({ httpsAgent }) });
  expect((await http1.send(new ListStreamsCommand({}))).StreamNames).toEqual([]);
  const plain = local.clientWith({
    endpoint: local.server.url.replace("https:", "http:"),
    requestHandler: new NodeHttp2Handler(),
  });
  expect((await plain.send(new ListStreamsCommand({}))).StreamNames).toEqual([]);
});
