import {
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
  type PutRecordBatchCommandOutput,
} from "@aws-sdk/client-firehose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/index.js";

const KiB = 1024;
let local: LocalAws;
let client: FirehoseClient;

beforeEach(async () => {
  local = await startLocalAws({
    kinesis: false,
    s3: false,
    dynamodb: false,
    opensearch: false,
    firehose: { deliveryStreams: ["orders"] },
  });
  client = new FirehoseClient({ ...local.clientOptions("firehose"), maxAttempts: 1 });
});

afterEach(async () => {
  client.destroy();
  await local.close();
});

const put = (records: readonly Buffer[], name = "orders"): Promise<PutRecordBatchCommandOutput> =>
  client.send(
    new PutRecordBatchCommand({ DeliveryStreamName: name, Records: records.map((Data) => ({ Data })) }),
  );
const many = (count: number, bytes = 1): Buffer[] =>
  Array.from({ length: count }, () => Buffer.alloc(bytes, "x"));

describe("PutRecordBatch of the local Firehose", () => {
  it("keeps what it takes in the order of the request, byte for byte, and gives each an id of its own", async () => {
    const data = [Buffer.from([0, 255, 10]), Buffer.from("zwei €")];
    const { FailedPutCount, RequestResponses = [] } = await put(data);
    expect(FailedPutCount).toBe(0);
    expect(new Set(RequestResponses.map(({ RecordId }) => RecordId)).size).toBe(2);
    expect(local.firehose.records("orders")).toEqual(data);
  });

  it("takes exactly what its limits let through", async () => {
    await put(many(500));
    await put([...many(4, 1000 * KiB), Buffer.alloc(96 * KiB, "x")]);
    expect(local.firehose.records("orders")).toHaveLength(505);
  });

  it.each([
    ["a record too many", () => many(501), "ValidationException"],
    ["none", () => [], "ValidationException"],
    ["a byte too many in a record", () => many(1, 1000 * KiB + 1), "ValidationException"],
    [
      "a byte too many in the request",
      () => [...many(4, 1000 * KiB), Buffer.alloc(96 * KiB + 1)],
      "InvalidArgumentException",
    ],
  ])("refuses a request whole for %s", async (_what, records, name) => {
    await expect(put(records())).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
    expect(local.firehose.records("orders")).toEqual([]);
  });

  it("refuses some and takes the others, each answered in its place, and never takes what it refused", async () => {
    local.faults.add({ operation: "PutRecordBatch", effect: { kind: "partial-failure", indexes: [0, 2] } });
    const { FailedPutCount, RequestResponses = [] } = await put(
      ["a", "b", "c", "d"].map((text) => Buffer.from(text)),
    );
    expect(FailedPutCount).toBe(2);
    expect(RequestResponses.map(({ ErrorCode }) => ErrorCode)).toEqual([
      "ServiceUnavailableException",
      undefined,
      "ServiceUnavailableException",
      undefined,
    ]);
    expect(RequestResponses.map(({ RecordId }) => RecordId === undefined)).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(local.firehose.records("orders").map(String)).toEqual(["b", "d"]);
  });

  it("takes a request whose reply is lost, and nothing of one that fails before", async () => {
    local.faults.add({ operation: "PutRecordBatch", effect: { kind: "reply-lost" } });
    const outcome = put([Buffer.from("applied")]).then(
      () => "answered",
      () => "not answered",
    );
    expect(await outcome).toBe("not answered");
    local.faults.add({
      operation: "PutRecordBatch",
      effect: { kind: "error", status: 503, code: "ServiceUnavailableException" },
      phase: "before",
    });
    await expect(put([Buffer.from("not applied")])).rejects.toMatchObject({
      name: "ServiceUnavailableException",
    });
    expect(local.firehose.records("orders").map(String)).toEqual(["applied"]);
  });

  it("knows each delivery stream apart, and says what is not there or takes no puts", async () => {
    local.firehose.createDeliveryStream("other");
    local.firehose.createDeliveryStream("reads", "KinesisStreamAsSource");
    await put([Buffer.from("a")]);
    await put([Buffer.from("b")], "other");
    expect(local.firehose.records("other").map(String)).toEqual(["b"]);
    await expect(put([Buffer.from("c")], "none")).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    await expect(put([Buffer.from("c")], "reads")).rejects.toMatchObject({ name: "InvalidSourceException" });
    const described = await client.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: "reads" }));
    expect(described.DeliveryStreamDescription).toMatchObject({
      DeliveryStreamARN: "arn:aws:firehose:eu-central-1:000000000000:deliverystream/reads",
      DeliveryStreamStatus: "ACTIVE",
      DeliveryStreamType: "KinesisStreamAsSource",
    });
    expect(() => local.firehose.createDeliveryStream("no name")).toThrow("no name of a delivery stream");
  });
});

describe("what the local Firehose shows over HTTP", () => {
  const shown = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`${local.endpoints.firehose}/_local/${path}`, { headers });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  it("is what was put, as text or in base64, and to no page in a browser", async () => {
    await put([Buffer.from("zwei €"), Buffer.from([0, 255])]);
    const entries = [{ text: "zwei €" }, { base64: "AP8=" }];
    expect(await shown("firehose/orders")).toEqual({ status: 200, body: { count: 2, entries } });
    expect((await shown("firehose/others")).status).toBe(404);
    expect((await shown("sqs/orders")).status).toBe(404);
    expect((await shown("firehose/orders", { origin: "http://example.org" })).status).toBe(403);
  });

  it("is shown in parts of 1,000 records and 4 MiB", async () => {
    for (let times = 0; times < 3; times += 1) await put(many(500));
    const first = (await shown("firehose/orders")).body;
    expect(first).toMatchObject({ count: 1_500, next: 1_000 });
    expect(first["entries"]).toHaveLength(1_000);
    const { body: rest } = await shown("firehose/orders?after=1000");
    expect(rest["entries"]).toHaveLength(500);
    expect(rest).not.toHaveProperty("next");
    for (let times = 0; times < 2; times += 1) await put(many(4, 1000 * KiB));
    expect((await shown("firehose/orders?after=1500")).body["entries"]).toHaveLength(4);
  });
});
