import { connect } from "node:http2";
import {
  DeregisterStreamConsumerCommand,
  DescribeStreamConsumerCommand,
  type KinesisClient,
  ListStreamConsumersCommand,
  RegisterStreamConsumerCommand,
  type SubscribeToShardEvent,
  SubscribeToShardCommand,
  type StartingPosition,
} from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { expect, test } from "vitest";
import { type Setup, setup, words } from "./setup.js";

const StreamName = "orders";
const ShardId = "shardId-000000000000";
const StreamARN = "arn:aws:kinesis:eu-central-1:000000000000:stream/orders";

async function consumerOf({ server, client }: Setup): Promise<string> {
  server.call("CreateStream", { StreamName, ShardCount: 1 });
  const { Consumer } = await client.send(
    new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: "reader" }),
  );
  return Consumer?.ConsumerARN ?? "";
}

const put = ({ server }: Setup, text: string) =>
  server.call("PutRecord", { StreamName, PartitionKey: "k", Data: Buffer.from(text) });

async function subscribe(
  client: KinesisClient,
  ConsumerARN: string,
  position: StartingPosition = { Type: "TRIM_HORIZON" },
) {
  const { EventStream } = await client.send(
    new SubscribeToShardCommand({ ConsumerARN, ShardId, StartingPosition: position }),
  );
  if (!EventStream) throw new Error("no event stream");
  const events = EventStream[Symbol.asyncIterator]();
  return {
    /** The next event, undefined at the normal end. */
    next: async (): Promise<SubscribeToShardEvent | undefined> => {
      const { done, value } = await events.next();
      return done === true ? undefined : value.SubscribeToShardEvent;
    },
  };
}

const texts = (event: SubscribeToShardEvent | undefined) =>
  event?.Records?.map((record) => words(record.Data)).join("");

test.each(["HTTP/2, the client's default", "HTTP/1.1"])(
  "a subscription pushes what arrives over %s",
  async (wire) => {
    const local = await setup();
    const ConsumerARN = await consumerOf(local);
    const client =
      wire === "HTTP/1.1" ? local.clientWith({ requestHandler: new NodeHttpHandler() }) : local.client;
    put(local, "a");
    put(local, "ü");
    const events = await subscribe(client, ConsumerARN);
    const first = await events.next();
    expect(texts(first)).toBe("aü");
    expect(first).toMatchObject({ MillisBehindLatest: 0 });
    expect(first?.ContinuationSequenceNumber).toBe(first?.Records?.[1]?.SequenceNumber);
    expect(first?.Records?.[0]?.ApproximateArrivalTimestamp?.getTime()).toBe(local.clock.now());
    put(local, "later");
    expect(texts(await events.next())).toBe("later");
  },
);

test("F11 a subscription ends normally after five minutes and continues from its continuation without a gap", async () => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  put(local, "a");
  const events = await subscribe(local.client, ConsumerARN);
  const first = await events.next();
  await local.clock.advance(300_000);
  let last = first;
  for (let event = await events.next(); event; event = await events.next()) {
    expect(event.Records).toEqual([]);
    last = event;
  }
  put(local, "b");
  const again = await subscribe(local.client, ConsumerARN, {
    Type: "AFTER_SEQUENCE_NUMBER",
    SequenceNumber: last?.ContinuationSequenceNumber,
  });
  expect(texts(await again.next())).toBe("b");
});

test("an idle subscription says where it is before any record came", async () => {
  const local = await setup({ idleEventMs: 1000 });
  const ConsumerARN = await consumerOf(local);
  const events = await subscribe(local.client, ConsumerARN, { Type: "LATEST" });
  await local.clock.advance(1000);
  const idle = await events.next();
  expect(idle).toMatchObject({ Records: [], MillisBehindLatest: 0 });
  put(local, "missed by LATEST");
  const again = await subscribe(local.client, ConsumerARN, {
    Type: "AFTER_SEQUENCE_NUMBER",
    SequenceNumber: idle?.ContinuationSequenceNumber,
  });
  expect(texts(await again.next())).toBe("missed by LATEST");
});

test("F17 at the end of a shard the last event has children and no continuation, then the stream ends", async () => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  put(local, "last");
  const events = await subscribe(local.client, ConsumerARN);
  expect(texts(await events.next())).toBe("last");
  local.server.call("SplitShard", { StreamName, ShardToSplit: ShardId, NewStartingHashKey: "1000" });
  const end = await events.next();
  expect(end?.ChildShards?.map((child) => child.ShardId)).toEqual([
    "shardId-000000000001",
    "shardId-000000000002",
  ]);
  expect(end?.ContinuationSequenceNumber).toBeUndefined();
  expect(await events.next()).toBeUndefined();
});

test("F12 within five seconds a second subscription is refused, later it takes over", async () => {
  const local = await setup({ limits: { subscribePerSecond: Infinity } });
  const ConsumerARN = await consumerOf(local);
  const first = await subscribe(local.client, ConsumerARN);
  await local.clock.advance(4999);
  await expect(subscribe(local.client, ConsumerARN)).rejects.toMatchObject({
    name: "ResourceInUseException",
  });
  await local.clock.advance(1);
  const second = await subscribe(local.client, ConsumerARN);
  const ended = async () => {
    while (await first.next());
  };
  await expect(ended()).rejects.toMatchObject({ name: "ResourceInUseException" });
  put(local, "to the second");
  expect(texts(await second.next())).toBe("to the second");
});

test("F13 deregistering the consumer ends its subscriptions with ResourceNotFoundException", async () => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  const events = await subscribe(local.client, ConsumerARN);
  await local.client.send(new DeregisterStreamConsumerCommand({ ConsumerARN }));
  await expect(events.next()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await expect(subscribe(local.client, ConsumerARN)).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
});

test("consumers are CREATING, then ACTIVE, listed, and 20 to a stream", async () => {
  const local = await setup({ transitionMs: 100 });
  local.server.call("CreateStream", { StreamName, ShardCount: 1 });
  await local.clock.advance(100);
  const register = (ConsumerName: string) =>
    local.client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName }));
  const { Consumer } = await register("c00");
  expect(Consumer).toMatchObject({ ConsumerStatus: "CREATING", ConsumerName: "c00" });
  const ConsumerARN = Consumer?.ConsumerARN ?? "";
  expect(ConsumerARN).toBe(`${StreamARN}/consumer/c00:${Math.floor(local.clock.now() / 1000)}`);
  await expect(subscribe(local.client, ConsumerARN)).rejects.toMatchObject({
    name: "ResourceInUseException",
  });
  await expect(register("c00")).rejects.toMatchObject({ name: "ResourceInUseException" });
  await local.clock.advance(100);
  const described = await local.client.send(new DescribeStreamConsumerCommand({ ConsumerARN }));
  expect(described.ConsumerDescription).toMatchObject({ ConsumerStatus: "ACTIVE", StreamARN });
  for (let index = 1; index < 20; index += 1) await register(`c${String(index).padStart(2, "0")}`);
  await expect(register("c20")).rejects.toMatchObject({ name: "LimitExceededException" });
  const page = await local.client.send(new ListStreamConsumersCommand({ StreamARN, MaxResults: 15 }));
  const rest = await local.client.send(
    new ListStreamConsumersCommand({ StreamARN, NextToken: page.NextToken ?? "" }),
  );
  expect([page.Consumers?.length, rest.Consumers?.length, rest.NextToken]).toEqual([15, 5, undefined]);
});

test("a backlog far larger than the flow control window arrives whole and in order", async () => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  const count = 200;
  for (let index = 0; index < count; index += 1)
    local.server.call("PutRecord", { StreamName, PartitionKey: "k", Data: Buffer.alloc(200_000, index) });
  const events = await subscribe(local.client, ConsumerARN);
  let received = 0;
  while (received < count) {
    const event = await events.next();
    expect(event?.Records?.[0]?.Data?.[0]).toBe(received % 256);
    received += event?.Records?.length ?? 0;
  }
  expect(received).toBe(count);
});

test("2 MiB per second are pushed to each subscription", async () => {
  const local = await setup({ limits: "aws", idleEventMs: 60_000 });
  const ConsumerARN = await consumerOf(local);
  for (let index = 0; index < 5; index += 1) {
    local.server.call("PutRecord", { StreamName, PartitionKey: "k", Data: Buffer.alloc(1024 * 1024 - 1) });
    await local.clock.advance(1000);
  }
  const events = await subscribe(local.client, ConsumerARN);
  await events.next();
  await events.next();
  const third = events.next();
  const early = await Promise.race([third, local.clock.advance(0).then(() => "nothing yet" as const)]);
  expect(early).toBe("nothing yet");
  await local.clock.advance(1000);
  expect((await third)?.Records?.length).toBe(1);
});

test.each([
  ["bad-crc", "checksum"],
  ["resource-in-use", "Another active subscription"],
] as const)("event stream fault %s reaches the client as an error", async (what, message) => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  local.faults.add({ operation: "SubscribeToShard", effect: { kind: "event-stream", what, afterEvents: 1 } });
  put(local, "a");
  const events = await subscribe(local.client, ConsumerARN);
  expect(texts(await events.next())).toBe("a");
  put(local, "b");
  await expect(events.next()).rejects.toThrow(message);
});

test("event stream fault early-end ends normally without the event", async () => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  local.faults.add({ operation: "SubscribeToShard", effect: { kind: "event-stream", what: "early-end" } });
  put(local, "a");
  const events = await subscribe(local.client, ConsumerARN);
  expect(await events.next()).toBeUndefined();
});

test("event stream fault cut-frame leaves half a frame behind", async () => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  local.faults.add({ operation: "SubscribeToShard", effect: { kind: "event-stream", what: "cut-frame" } });
  put(local, "a");
  const events = await subscribe(local.client, ConsumerARN);
  await expect(events.next()).rejects.toThrow("Truncated event message received.");
});

test("event stream fault silence sends nothing until the five minutes are over", async () => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  local.faults.add({ operation: "SubscribeToShard", effect: { kind: "event-stream", what: "silence" } });
  put(local, "a");
  const events = await subscribe(local.client, ConsumerARN);
  await local.clock.advance(300_000);
  expect(await events.next()).toBeUndefined();
});

/** SubscribeToShard without the SDK, for readers it would not be. */
function rawSubscribe({ server }: Setup, ConsumerARN: string) {
  const session = connect(server.url);
  const stream = session.request({
    ":method": "POST",
    ":path": "/",
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "Kinesis_20131202.SubscribeToShard",
  });
  stream.end(JSON.stringify({ ConsumerARN, ShardId, StartingPosition: { Type: "TRIM_HORIZON" } }));
  const running = server.account.streams.get(StreamName)?.consumers.get("reader")?.subscriptions;
  return { session, stream, running };
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test("F12 a reader that does not read stops the server after what its window takes", async () => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  const count = 100;
  for (let index = 0; index < count; index += 1)
    local.server.call("PutRecord", { StreamName, PartitionKey: "k", Data: Buffer.alloc(200_000) });
  const { session, stream, running } = rawSubscribe(local, ConsumerARN);
  stream.pause();
  await expect.poll(() => running?.get(ShardId)?.position).toBeGreaterThan(0);
  await turns(200);
  // One event of a mebibyte is under way; the other 19 MB wait in the shard.
  expect(running?.get(ShardId)?.position).toBeLessThan(10);
  stream.resume();
  await expect.poll(() => running?.get(ShardId)?.position).toBe(count);
  session.destroy();
});

test("a client that goes away frees its subscription", async () => {
  const local = await setup();
  const ConsumerARN = await consumerOf(local);
  const { session, stream, running } = rawSubscribe(local, ConsumerARN);
  await new Promise((resolve) => stream.once("data", resolve));
  expect(running?.size).toBe(1);
  session.destroy();
  await expect.poll(() => running?.size).toBe(0);
});
