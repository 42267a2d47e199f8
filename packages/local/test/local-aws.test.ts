import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { KinesisClient, ListStreamsCommand, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { ListStatementsCommand, RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { startLocalAws } from "../src/index.js";

test("one call starts Kinesis, S3 and DynamoDB for the SDK's clients as they are", async () => {
  await using local = await startLocalAws({ s3: { buckets: ["archive"] } });
  local.kinesis.createStream({ name: "orders", shardCount: 2 });
  const kinesis = new KinesisClient(local.clientOptions("kinesis"));
  const s3 = new S3Client(local.clientOptions("s3"));
  const dynamodb = new DynamoDBClient(local.clientOptions("dynamodb"));
  expect((await kinesis.send(new ListStreamsCommand({}))).StreamNames).toEqual(["orders"]);
  expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map((bucket) => bucket.Name)).toEqual([
    "archive",
  ]);
  expect((await dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual([]);
  expect(local.journal.entries().map(({ server, operation }) => `${server} ${operation}`)).toEqual([
    "kinesis ListStreams",
    "s3 ListBuckets",
    "dynamodb ListTables",
  ]);
  // Left open on purpose: closing must not wait for the clients.
  await local.close();
  for (const client of [kinesis, s3, dynamodb]) client.destroy();
});

test("a server that was left out is said so when asked for", async () => {
  await using local = await startLocalAws({ s3: false, dynamodb: false });
  expect(Object.keys(local.env)).not.toContain("AWS_ENDPOINT_URL_S3");
  expect(() => local.endpoints.s3).toThrow("s3 was left out");
});

test("one taken port stops the start and leaves nothing running", async () => {
  await using first = await startLocalAws({ s3: false, dynamodb: false });
  const port = Number(new URL(first.endpoints.kinesis).port);
  const second = startLocalAws({ kinesis: { port } });
  await expect(second).rejects.toMatchObject({
    code: "KC_LOCAL_PORT_TAKEN",
    message: expect.stringContaining("`kinesis.port`"),
  });
});

test("the same seed gives the same ids and sequence numbers", async () => {
  const run = async () => {
    const local = await startLocalAws({
      s3: false,
      dynamodb: false,
      seed: 7,
      clock: { now: () => 1_767_225_600_000, setTimer: () => ({ cancel: () => {} }) },
    });
    local.kinesis.createStream({ name: "orders" });
    const [record] = local.kinesis.putRecords("orders", [{ partitionKey: "k", data: "x" }]);
    const summary = local.kinesis.call("DescribeStreamSummary", { StreamName: "orders" });
    await local.close();
    return JSON.stringify([record?.sequenceNumber, summary]);
  };
  expect(await run()).toBe(await run());
});

test("the journal is read and fault rules are set over HTTP", async () => {
  await using local = await startLocalAws({ s3: false, dynamodb: false });
  local.kinesis.createStream({ name: "orders" });
  const post = (rule: unknown) =>
    fetch(`${local.endpoints.kinesis}/_local/faults`, { method: "POST", body: JSON.stringify(rule) });
  const refused = await post({ effect: { kind: "earthquake" } });
  expect(refused.status).toBe(400);
  const accepted = await post({
    id: "slow down",
    operation: "PutRecord",
    effect: { kind: "error", status: 503, code: "ServiceUnavailable" },
  });
  expect(await accepted.json()).toEqual({ ids: ["slow down"] });
  const client = new KinesisClient({ ...local.clientOptions("kinesis"), maxAttempts: 1 });
  const put = () =>
    client.send(new PutRecordCommand({ StreamName: "orders", PartitionKey: "k", Data: new Uint8Array(1) }));
  await expect(put()).rejects.toMatchObject({ name: "ServiceUnavailable" });
  await put();
  client.destroy();
  const journal = await fetch(`${local.endpoints.kinesis}/_local/journal?server=kinesis`);
  expect(await journal.json()).toMatchObject([
    { operation: "PutRecord", applied: false, status: 503, faults: ["slow down"] },
    { operation: "PutRecord", applied: true, status: 200, parameters: { streamName: "orders" } },
  ]);
});

test("closing warns about fault rules that never fired, and may be asked twice", async () => {
  const local = await startLocalAws({ s3: false, dynamodb: false });
  local.faults.add({ id: "typo", operation: "GetRecord", effect: { kind: "reply-lost" } });
  const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
  await local.close();
  await local.close();
  expect(await warned).toMatchObject({
    name: "LocalAwsWarning",
    message: "fault rules never fired: typo",
  });
});

test("Redshift runs only when it is asked for, and its database only when it is used", async () => {
  const others = { kinesis: false, s3: false, dynamodb: false, opensearch: false } as const;
  await using without = await startLocalAws(others);
  expect(() => without.endpoints.redshift).toThrow("start with `redshift: {}`");
  await using local = await startLocalAws({ ...others, redshift: {} });
  expect(local.env["AWS_ENDPOINT_URL_REDSHIFT_DATA"]).toBe(local.endpoints.redshift);
  const client = new RedshiftDataClient(local.clientOptions("redshift"));
  expect((await client.send(new ListStatementsCommand({}))).Statements).toEqual([]);
  client.destroy();
});
