import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  PutRecordsCommand,
  PutRecordCommand,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand,
} from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import type { FaultEffect } from "../../src/fault-effects.js";
import { bytes, setup, type Setup, words } from "./setup.js";

const StreamName = "orders";
const ShardId = "shardId-000000000000";

async function open(): Promise<Setup> {
  const local = await setup();
  local.server.call("CreateStream", { StreamName, ShardCount: 1 });
  return local;
}

const put = ({ client }: Setup, text = "x") =>
  client.send(new PutRecordCommand({ StreamName, PartitionKey: "k", Data: bytes(text) }));

const kept = ({ server }: Setup) => server.account.streams.get(StreamName)?.openShards[0]?.endPosition;

async function iterator({ client }: Setup) {
  const answer = await client.send(
    new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
  );
  return answer.ShardIterator ?? "";
}

test("an error before the change leaves nothing, after the change leaves the record", async () => {
  const local = await open();
  const effect: FaultEffect = { kind: "error", status: 500, code: "InternalFailureException" };
  local.faults.add({ operation: "PutRecord", effect });
  await expect(put(local)).rejects.toMatchObject({ name: "InternalFailureException" });
  expect(kept(local)).toBe(0);
  local.faults.add({ operation: "PutRecord", phase: "after", effect });
  await expect(put(local)).rejects.toMatchObject({ name: "InternalFailureException" });
  expect(kept(local)).toBe(1);
  expect(local.journal.entries().map((entry) => [entry.applied, entry.status])).toEqual([
    [false, 500],
    [true, 500],
  ]);
});

test.each(["h2", "http/1.1"])(
  "a lost reply leaves the record and kills the %s connection",
  async (protocol) => {
    const local = await open();
    const client =
      protocol === "h2"
        ? local.client
        : local.clientWith({ maxAttempts: 1, requestHandler: new NodeHttpHandler() });
    local.faults.add({ id: "lost", operation: "PutRecord", effect: { kind: "reply-lost" } });
    await expect(put({ ...local, client })).rejects.toBeInstanceOf(Error);
    expect(kept(local)).toBe(1);
    expect(local.journal.entries()).toMatchObject([{ applied: true, status: 0, faults: ["lost"] }]);
    await put({ ...local, client });
    expect(kept(local)).toBe(2);
  },
);

test.each(["before-headers", "inside-headers", "inside-body"] as const)(
  "a connection reset %s is an error of the client, and it may ask again",
  async (at) => {
    const local = await open();
    await put(local, "kept");
    const client = local.clientWith({ maxAttempts: 1, requestHandler: new NodeHttpHandler() });
    const ShardIterator = await iterator(local);
    local.faults.add({ operation: "GetRecords", effect: { kind: "reset", at } });
    const get = () => client.send(new GetRecordsCommand({ ShardIterator }));
    await expect(get()).rejects.toBeInstanceOf(Error);
    expect((await get()).Records?.map((record) => words(record.Data))).toEqual(["kept"]);
  },
);

test("PutRecords fails the entries a rule names, in place, and keeps the others", async () => {
  const local = await open();
  local.faults.add({
    operation: "PutRecords",
    effect: { kind: "partial-failure", indexes: [0, 2], code: "InternalFailure" },
  });
  const answer = await local.client.send(
    new PutRecordsCommand({
      StreamName,
      Records: ["a", "b", "c", "d"].map((text) => ({ PartitionKey: "k", Data: bytes(text) })),
    }),
  );
  expect(answer.FailedRecordCount).toBe(2);
  expect(answer.Records?.map((entry) => entry.ErrorCode)).toEqual([
    "InternalFailure",
    undefined,
    "InternalFailure",
    undefined,
  ]);
  const page = await local.client.send(new GetRecordsCommand({ ShardIterator: await iterator(local) }));
  expect(page.Records?.map((record) => words(record.Data))).toEqual(["b", "d"]);
});

test("pages can be empty, short, or their iterator expired early", async () => {
  const local = await open();
  await put(local, "a");
  await put(local, "b");
  const ShardIterator = await iterator(local);
  const get = async () => (await local.client.send(new GetRecordsCommand({ ShardIterator }))).Records?.length;
  local.faults.add({ effect: { kind: "empty-page" } });
  expect(await get()).toBe(0);
  local.faults.add({ effect: { kind: "short-page", maxRecords: 1 } });
  expect(await get()).toBe(1);
  local.faults.add({ where: { shardId: ShardId }, effect: { kind: "iterator-expired" } });
  await expect(get()).rejects.toMatchObject({ name: "ExpiredIteratorException" });
  expect(await get()).toBe(2);
});

test("the end of a shard can lack one of its halves, or come late", async () => {
  const local = await open();
  await put(local, "a");
  const ShardIterator = await iterator(local);
  local.server.call("SplitShard", { StreamName, ShardToSplit: ShardId, NewStartingHashKey: "5" });
  const get = () => local.client.send(new GetRecordsCommand({ ShardIterator }));
  const shape = async () => {
    const { NextShardIterator, ChildShards } = await get();
    return [NextShardIterator !== undefined, ChildShards?.length];
  };
  local.faults.add({ effect: { kind: "shard-end-malformed", missing: "children" } });
  expect(await shape()).toEqual([false, undefined]);
  local.faults.add({ effect: { kind: "shard-end-malformed", missing: "null-iterator" } });
  expect(await shape()).toEqual([true, 2]);
  local.faults.add({ effect: { kind: "shard-end-delayed" } });
  expect(await shape()).toEqual([true, undefined]);
  expect(await shape()).toEqual([false, 2]);
});

test("a delayed answer waits on the server's clock", async () => {
  const local = await open();
  local.faults.add({ operation: "PutRecord", effect: { kind: "delay", delayMs: 60_000 } });
  const answer = put(local);
  await expect.poll(() => local.faults.list()[0]?.fired).toBe(1);
  expect(kept(local)).toBe(0);
  await local.clock.advance(60_000);
  await answer;
  expect(kept(local)).toBe(1);
});

test.each(["h2", "http/1.1"])(
  "a client that gives up while its %s answer is delayed harms no one else",
  async (protocol) => {
    const local = await open();
    const client =
      protocol === "h2"
        ? local.client
        : local.clientWith({ maxAttempts: 1, requestHandler: new NodeHttpHandler() });
    local.faults.add({ operation: "PutRecord", phase: "after", effect: { kind: "delay", delayMs: 60_000 } });
    const abort = new AbortController();
    const command = new PutRecordCommand({ StreamName, PartitionKey: "k", Data: bytes("x") });
    const given = client.send(command, { abortSignal: abort.signal });
    await expect.poll(() => kept(local)).toBe(1);
    abort.abort();
    await expect(given).rejects.toMatchObject({ name: "AbortError" });
    await local.clock.advance(60_000);
    await expect.poll(() => local.journal.last()).toBe(1);
    await put({ ...local, client });
    expect(kept(local)).toBe(2);
  },
);

test.each([[{ kind: "truncated-body" }], [{ kind: "half-close", afterBytes: 3 }]] as const)(
  "an answer cut by %o is an error of the client",
  async (effect) => {
    const local = await open();
    const ShardIterator = await iterator(local);
    const client = local.clientWith({ maxAttempts: 1, requestHandler: new NodeHttpHandler() });
    local.faults.add({ operation: "GetRecords", effect });
    const get = () => client.send(new GetRecordsCommand({ ShardIterator }));
    await expect(get()).rejects.toBeInstanceOf(Error);
    expect((await get()).Records).toEqual([]);
  },
);

test("a slow body arrives whole, in steps of the server's clock", async () => {
  const local = await open();
  await put(local, "x".repeat(1000));
  const ShardIterator = await iterator(local);
  local.faults.add({ operation: "GetRecords", effect: { kind: "slow-body", bytesPerSecond: 1000 } });
  const answer = local.client.send(new GetRecordsCommand({ ShardIterator }));
  const arrived = { yet: false };
  void answer.then(() => (arrived.yet = true));
  await expect.poll(() => local.faults.list()[0]?.fired).toBe(1);
  await local.clock.advance(500);
  expect(arrived.yet).toBe(false);
  await expect.poll(() => local.clock.advance(1000).then(() => arrived.yet)).toBe(true);
  expect((await answer).Records?.[0]?.Data).toHaveLength(1000);
});

test("rules count, skip, wait for their time and their turn, and say when they never fired", async () => {
  const local = await open();
  const effect: FaultEffect = { kind: "error", status: 400, code: "ThrottlingException" };
  const now = local.clock.now();
  local.faults.add({ id: "third", operation: ["PutRecord"], nth: 3, effect });
  local.faults.add({ id: "window", fromMs: now + 1000, untilMs: now + 2000, times: "always", effect });
  local.faults.add({ id: "other shard", where: { shardId: "shardId-000000000009" }, effect });
  local.faults.add({ id: "never", probability: 0, times: "always", effect });
  const outcome = () =>
    put(local).then(
      () => "kept",
      () => "refused",
    );
  expect([await outcome(), await outcome(), await outcome(), await outcome()]).toEqual([
    "kept",
    "kept",
    "refused",
    "kept",
  ]);
  await local.clock.advance(1000);
  expect([await outcome(), await outcome()]).toEqual(["refused", "refused"]);
  await local.clock.advance(1000);
  expect(await outcome()).toBe("kept");
  expect(local.faults.unfired()).toEqual(["other shard", "never"]);
  expect(() => local.faults.add({ nth: 0, effect })).toThrow("nth counts from 1");
});

test("half-open: a subscription falls silent and its stream stays open; the put that struck is not carried out", async () => {
  const local = await open();
  const { ConsumerARN } = (
    await local.client.send(
      new RegisterStreamConsumerCommand({
        StreamARN: `arn:aws:kinesis:eu-central-1:000000000000:stream/${StreamName}`,
        ConsumerName: "reader",
      }),
    )
  ).Consumer as { ConsumerARN: string };
  const { EventStream } = await local.client.send(
    new SubscribeToShardCommand({ ConsumerARN, ShardId, StartingPosition: { Type: "TRIM_HORIZON" } }),
  );
  const texts: string[] = [];
  let hasEnded = false;
  const listening = (async () => {
    for await (const event of EventStream ?? [])
      for (const record of event.SubscribeToShardEvent?.Records ?? []) texts.push(words(record.Data));
  })().then(
    () => (hasEnded = true),
    () => (hasEnded = true),
  );
  await put(local, "heard");
  while (texts.length === 0) await wait(5);
  local.faults.add({ id: "nat", operation: "PutRecord", effect: { kind: "half-open" } });
  const calls = new AbortController();
  const struck = local.client.send(
    new PutRecordCommand({ StreamName, PartitionKey: "k", Data: bytes("struck") }),
    { abortSignal: calls.signal },
  );
  struck.catch(() => undefined);
  while (local.journal.entries({ operation: "PutRecord" }).at(-1)?.faults?.[0] !== "nat") await wait(5);
  calls.abort();
  await expect(struck).rejects.toMatchObject({ name: "AbortError" });
  await put(local, "unheard");
  await wait(200);
  expect([texts, hasEnded]).toEqual([["heard"], false]);
  expect(kept(local)).toBe(2);
  await local.server.close();
  await listening;
});
