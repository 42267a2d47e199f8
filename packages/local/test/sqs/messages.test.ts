import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SendMessageBatchCommandOutput,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalAws, startLocalAws, virtualClock, type VirtualClock } from "../../src/index.js";

const MiB = 1024 * 1024;
let clock: VirtualClock;
let local: LocalAws;
/** It compares the MD5 of each body by itself. */
let client: SQSClient;

beforeEach(async () => {
  clock = virtualClock();
  local = await startLocalAws({
    kinesis: false,
    s3: false,
    dynamodb: false,
    opensearch: false,
    sqs: { queues: ["orders", "orders.fifo", "others.fifo"] },
    clock,
  });
  client = new SQSClient({ ...local.clientOptions("sqs"), maxAttempts: 1 });
});

afterEach(async () => {
  client.destroy();
  await local.close();
});

type Entry = Omit<SendMessageBatchRequestEntry, "Id"> & { readonly Id?: string };

const urlOf = (name: string): string => `${local.endpoints.sqs}/000000000000/${name}`;
const send = (name: string, entries: readonly Entry[]): Promise<SendMessageBatchCommandOutput> =>
  client.send(
    new SendMessageBatchCommand({
      QueueUrl: urlOf(name),
      Entries: entries.map((entry, index) => ({ Id: `${index}`, ...entry })),
    }),
  );
const fifo = (body: string, id?: string, group = "g"): Entry => ({
  MessageBody: body,
  MessageGroupId: group,
  ...(id === undefined ? {} : { MessageDeduplicationId: id }),
});
const bodies = (name: string): string[] => local.sqs.messages(name).map(({ body }) => body);

describe("deduplication of the local SQS", () => {
  it("leaves out an id that comes again within five minutes, answered as the first was, and takes it after them", async () => {
    const [first] = (await send("orders.fifo", [fifo("one", "id")])).Successful ?? [];
    await clock.advance(299_999);
    const [again] = (await send("orders.fifo", [fifo("another body", "id")])).Successful ?? [];
    expect(again).toMatchObject({ MessageId: first?.MessageId, SequenceNumber: first?.SequenceNumber });
    expect(bodies("orders.fifo")).toEqual(["one"]);
    // What was left out does not begin the five minutes anew.
    await clock.advance(1);
    const [late] = (await send("orders.fifo", [fifo("one", "id")])).Successful ?? [];
    expect(late?.MessageId).not.toBe(first?.MessageId);
    expect(BigInt(late?.SequenceNumber ?? 0)).toBeGreaterThan(BigInt(first?.SequenceNumber ?? 0));
    expect(bodies("orders.fifo")).toEqual(["one", "one"]);
  });

  it("knows ids by queue, whatever the group, and within one request", async () => {
    await send("orders.fifo", [fifo("one", "id", "a"), fifo("two", "id", "b")]);
    await send("others.fifo", [fifo("one", "id")]);
    expect(bodies("orders.fifo")).toEqual(["one"]);
    expect(bodies("others.fifo")).toEqual(["one"]);
  });

  it("goes by the body where the queue says so and no id is given, and wants an id elsewhere", async () => {
    local.sqs.createQueue("content.fifo", { contentBasedDeduplication: true });
    await send("content.fifo", [fifo("same"), fifo("same"), fifo("other"), fifo("same", "own-id")]);
    expect(bodies("content.fifo")).toEqual(["same", "other", "same"]);
    const { Failed } = await send("orders.fifo", [fifo("no id")]);
    expect(Failed).toMatchObject([{ Id: "0", Code: "InvalidParameterValue", SenderFault: true }]);
  });

  it("is none of a standard queue's, which takes equal messages as often as they come", async () => {
    await send("orders", [{ MessageBody: "same" }, { MessageBody: "same", MessageGroupId: "fair" }]);
    expect(bodies("orders")).toEqual(["same", "same"]);
  });
});

describe("SendMessageBatch of the local SQS", () => {
  it("answers with the MD5 of body and attributes, which senders compare", async () => {
    const { Successful } = await send("orders", [
      {
        MessageBody: "zwei €",
        MessageAttributes: {
          shard: { DataType: "String", StringValue: "shardId-000000000000" },
          kind: { DataType: "String", StringValue: "größer" },
        },
      },
    ]);
    // As moto 5.2.5 answers, which others made.
    expect(Successful).toMatchObject([
      {
        MD5OfMessageBody: "6db36c409f6817532af3304a49416207",
        MD5OfMessageAttributes: "6408b713bfc950cbeda60516b6572fc2",
      },
    ]);
    expect(Successful?.[0]?.SequenceNumber).toBeUndefined();
    expect(local.sqs.messages("orders")).toMatchObject([
      { body: "zwei €", attributes: { shard: "shardId-000000000000", kind: "größer" } },
    ]);
  });

  it("takes exactly what its limits let through", async () => {
    await send(
      "orders",
      Array.from({ length: 10 }, () => ({ MessageBody: "x".repeat(100) })),
    );
    await send("orders", [{ MessageBody: "x".repeat(MiB) }]);
    expect(bodies("orders")).toHaveLength(11);
  });

  it.each<[string, readonly Entry[], string]>([
    [
      "a message too many",
      Array.from({ length: 11 }, () => ({ MessageBody: "x" })),
      "TooManyEntriesInBatchRequest",
    ],
    ["none", [], "EmptyBatchRequest"],
    ["a byte too many", [{ MessageBody: "x".repeat(MiB) }, { MessageBody: "x" }], "BatchRequestTooLong"],
    [
      "a byte too many with attributes",
      [
        {
          MessageBody: "x".repeat(MiB - 8),
          MessageAttributes: { ab: { DataType: "String", StringValue: "c" } },
        },
      ],
      "BatchRequestTooLong",
    ],
    [
      "an id twice",
      [
        { Id: "same", MessageBody: "x" },
        { Id: "same", MessageBody: "y" },
      ],
      "BatchEntryIdsNotDistinct",
    ],
    ["an id that is none", [{ Id: "no id", MessageBody: "x" }], "InvalidBatchEntryId"],
  ])("refuses a request whole for %s", async (_what, entries, name) => {
    await expect(send("orders", entries)).rejects.toMatchObject({ name });
    expect(bodies("orders")).toEqual([]);
  });

  it.each<[string, string, Entry]>([
    ["no body", "orders", { MessageBody: "" }],
    ["a control character", "orders", { MessageBody: "a\u0000b" }],
    ["no group", "orders.fifo", { MessageBody: "x", MessageDeduplicationId: "id" }],
    ["a group that is none", "orders.fifo", fifo("x", "id", "no group")],
    ["an id of more than 128 characters", "orders.fifo", fifo("x", "i".repeat(129))],
    ["a deduplication id for a standard queue", "orders", { MessageBody: "x", MessageDeduplicationId: "id" }],
    [
      "eleven attributes",
      "orders",
      {
        MessageBody: "x",
        MessageAttributes: Object.fromEntries(
          Array.from({ length: 11 }, (_, index) => [`a${index}`, { DataType: "String", StringValue: "v" }]),
        ),
      },
    ],
    [
      "an attribute of AWS's",
      "orders",
      { MessageBody: "x", MessageAttributes: { "AWS.own": { DataType: "String", StringValue: "v" } } },
    ],
  ])("refuses one message for %s, and takes the others", async (_what, queue, entry) => {
    const good = queue.endsWith(".fifo") ? fifo("good", "good") : { MessageBody: "good" };
    const { Successful, Failed } = await send(queue, [entry, good]);
    expect(Failed).toMatchObject([{ Id: "0", Code: "InvalidParameterValue", SenderFault: true }]);
    expect(Successful).toMatchObject([{ Id: "1" }]);
    expect(bodies(queue)).toEqual(["good"]);
  });

  it("refuses some by a rule and takes the others; what was refused is not known when it comes again", async () => {
    local.faults.add({ operation: "SendMessageBatch", effect: { kind: "partial-failure", indexes: [1] } });
    const entries = [fifo("a", "1"), fifo("b", "2"), fifo("c", "3")];
    const { Failed } = await send("orders.fifo", entries);
    expect(Failed).toMatchObject([{ Id: "1", Code: "InternalError", SenderFault: false }]);
    await send("orders.fifo", entries);
    expect(bodies("orders.fifo")).toEqual(["a", "c", "b"]);
  });

  it("says what is no queue, and of which kind one is", async () => {
    await expect(send("none", [{ MessageBody: "x" }])).rejects.toMatchObject({ name: "QueueDoesNotExist" });
    const asked = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: urlOf("orders.fifo"), AttributeNames: ["All"] }),
    );
    expect(asked.Attributes).toEqual({
      QueueArn: "arn:aws:sqs:eu-central-1:000000000000:orders.fifo",
      FifoQueue: "true",
      ContentBasedDeduplication: "false",
    });
    expect(() => local.sqs.createQueue("orders.fif")).toThrow("no name of a queue");
    await expect(
      startLocalAws({ s3: false, dynamodb: false, sqs: { queues: ["a b"] } }),
    ).rejects.toMatchObject({
      code: "KC_LOCAL_BAD_OPTION",
    });
  });
});

describe("what the local SQS shows over HTTP", () => {
  it("is what a queue delivers, with groups and deduplication ids", async () => {
    await send("orders.fifo", [fifo("one", "id"), fifo("two", "other"), fifo("one again", "id")]);
    const answer = await fetch(`${local.endpoints.sqs}/_local/sqs/orders.fifo`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      count: 2,
      entries: [
        { body: "one", groupId: "g", deduplicationId: "id" },
        { body: "two", groupId: "g", deduplicationId: "other" },
      ],
    });
    expect((await fetch(`${local.endpoints.sqs}/_local/sqs/none`)).status).toBe(404);
  });
});
