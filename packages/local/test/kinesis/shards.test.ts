import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeLimitsCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  ListStreamsCommand,
  ListTagsForStreamCommand,
  AddTagsToStreamCommand,
  type Shard,
  type ShardFilterType,
  SplitShardCommand,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { setup, type Setup } from "./setup.js";

const StreamName = "orders";
const hourMs = 3_600_000;
const top = 2n ** 128n;

const ids = (shards: readonly Shard[] | undefined) =>
  (shards ?? []).map((shard) => Number(shard.ShardId?.slice("shardId-".length)));

/** Whether these shards cover every hash key exactly once. */
function covers(shards: readonly Shard[]): boolean {
  let next = 0n;
  const ranges = shards
    .map(
      (shard) =>
        [
          BigInt(shard.HashKeyRange?.StartingHashKey ?? -1),
          BigInt(shard.HashKeyRange?.EndingHashKey ?? -1),
        ] as const,
    )
    .sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [start, end] of ranges) {
    if (start !== next) return false;
    next = end + 1n;
  }
  return next === top;
}

const listed = async ({ client }: Setup, Type?: ShardFilterType, at?: number) =>
  (
    await client.send(
      new ListShardsCommand({
        StreamName,
        ...(Type === undefined
          ? {}
          : { ShardFilter: { Type, ...(at === undefined ? {} : { Timestamp: new Date(at) }) } }),
      }),
    )
  ).Shards ?? [];

test("F16 K31 ListShards gives 1,000 shards a page and all of them over its pages", async () => {
  const local = await setup();
  await local.client.send(new CreateStreamCommand({ StreamName, ShardCount: 2345 }));
  const pages: Shard[][] = [];
  let NextToken: string | undefined;
  do {
    const page = await local.client.send(new ListShardsCommand(NextToken ? { NextToken } : { StreamName }));
    pages.push(page.Shards ?? []);
    NextToken = page.NextToken;
  } while (NextToken);
  expect(pages.map((page) => page.length)).toEqual([1000, 1000, 345]);
  const all = pages.flat();
  expect(ids(all)).toEqual(Array.from({ length: 2345 }, (_, index) => index));
  expect(covers(all)).toBe(true);
});

test("K31 a page token lives 300 s and goes with nothing else", async () => {
  const local = await setup();
  await local.client.send(new CreateStreamCommand({ StreamName, ShardCount: 3 }));
  const { NextToken } = await local.client.send(new ListShardsCommand({ StreamName, MaxResults: 2 }));
  const next = (more: object = {}) => local.client.send(new ListShardsCommand({ NextToken, ...more }));
  await expect(next({ StreamName })).rejects.toMatchObject({ name: "InvalidArgumentException" });
  await expect(next({ ShardFilter: { Type: "AT_LATEST" } })).rejects.toMatchObject({
    name: "InvalidArgumentException",
  });
  expect(ids((await next()).Shards)).toEqual([2]);
  await local.clock.advance(300_001);
  await expect(next()).rejects.toMatchObject({ name: "ExpiredNextTokenException" });
});

test("shard filters look at when shards opened and closed", async () => {
  const local = await setup();
  const createdMs = local.clock.now();
  await local.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  await local.clock.advance(hourMs);
  local.server.call("SplitShard", {
    StreamName,
    ShardToSplit: "shardId-000000000000",
    NewStartingHashKey: "1000",
  });
  const splitMs = local.clock.now();
  await local.clock.advance(hourMs);
  expect(ids(await listed(local))).toEqual([0, 1, 2]);
  expect(ids(await listed(local, "AT_LATEST"))).toEqual([1, 2]);
  expect(ids(await listed(local, "AT_TRIM_HORIZON"))).toEqual([0]);
  expect(ids(await listed(local, "FROM_TRIM_HORIZON"))).toEqual([0, 1, 2]);
  expect(ids(await listed(local, "AT_TIMESTAMP", createdMs + 1000))).toEqual([0]);
  expect(ids(await listed(local, "AT_TIMESTAMP", splitMs))).toEqual([0, 1, 2]);
  expect(ids(await listed(local, "AT_TIMESTAMP", splitMs + 1000))).toEqual([1, 2]);
  expect(ids(await listed(local, "FROM_TIMESTAMP", splitMs + 1000))).toEqual([1, 2]);
  expect(ids(await listed(local, "FROM_TIMESTAMP", 0))).toEqual([0, 1, 2]);
  const after = await local.client.send(
    new ListShardsCommand({
      StreamName,
      ShardFilter: { Type: "AFTER_SHARD_ID", ShardId: "shardId-000000000001" },
    }),
  );
  expect(ids(after.Shards)).toEqual([2]);
  const closed = (await listed(local))[0];
  expect(closed?.SequenceNumberRange?.EndingSequenceNumber).toHaveLength(56);
  expect(closed?.ParentShardId).toBeUndefined();
  expect((await listed(local))[1]?.ParentShardId).toBe("shardId-000000000000");
});

test("a closed shard leaves when its end leaves retention, and is then not found", async () => {
  const local = await setup();
  await local.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  local.server.call("SplitShard", {
    StreamName,
    ShardToSplit: "shardId-000000000000",
    NewStartingHashKey: "1000",
  });
  await local.clock.advance(24 * hourMs);
  expect(ids(await listed(local))).toEqual([0, 1, 2]);
  await local.clock.advance(1);
  expect(ids(await listed(local))).toEqual([1, 2]);
  await expect(
    local.client.send(
      new GetShardIteratorCommand({
        StreamName,
        ShardId: "shardId-000000000000",
        ShardIteratorType: "TRIM_HORIZON",
      }),
    ),
  ).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("resharding passes through UPDATING, and a second one meanwhile is refused", async () => {
  const local = await setup({ transitionMs: 1000 });
  const { client } = local;
  const status = async () =>
    (await client.send(new DescribeStreamSummaryCommand({ StreamName }))).StreamDescriptionSummary;
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  expect(await status()).toMatchObject({ StreamStatus: "CREATING", OpenShardCount: 0 });
  await local.clock.advance(1000);
  expect(await status()).toMatchObject({ StreamStatus: "ACTIVE", OpenShardCount: 1 });
  const split = (key: string) =>
    client.send(
      new SplitShardCommand({ StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: key }),
    );
  await expect(split("0")).rejects.toMatchObject({ name: "InvalidArgumentException" });
  await expect(split(top.toString())).rejects.toMatchObject({ name: "InvalidArgumentException" });
  await split("5");
  expect(await status()).toMatchObject({ StreamStatus: "UPDATING" });
  await expect(split("7")).rejects.toMatchObject({ name: "ResourceInUseException" });
  local.server.call("PutRecord", { StreamName, PartitionKey: "k", Data: Buffer.from("x") });
  await local.clock.advance(1000);
  expect(await status()).toMatchObject({ StreamStatus: "ACTIVE", OpenShardCount: 2 });
  await expect(split("7")).rejects.toMatchObject({ name: "InvalidArgumentException" });
  await client.send(new DeleteStreamCommand({ StreamName }));
  expect(await status()).toMatchObject({ StreamStatus: "DELETING" });
  await local.clock.advance(1000);
  await expect(status()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("F22 any sequence of allowed shard counts leaves even open shards, with parents that explain them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 1, maxLength: 4 }),
      async (first, factors) => {
        const local = await setup();
        local.server.call("CreateStream", { StreamName, ShardCount: first });
        let count = first;
        for (const factor of factors) {
          const target = Math.min(Math.max(Math.round(count * factor), Math.ceil(count / 2)), count * 2);
          local.server.call("UpdateShardCount", {
            StreamName,
            TargetShardCount: target,
            ScalingType: "UNIFORM_SCALING",
          });
          count = target;
        }
        const all = await listed(local);
        const open = await listed(local, "AT_LATEST");
        expect(open).toHaveLength(count);
        expect(covers(open)).toBe(true);
        const byId = new Map(all.map((shard) => [shard.ShardId, shard]));
        for (const shard of all) {
          for (const parentId of [shard.ParentShardId, shard.AdjacentParentShardId]) {
            if (parentId === undefined) continue;
            const ending = byId.get(parentId)?.SequenceNumberRange?.EndingSequenceNumber ?? "";
            const starting = shard.SequenceNumberRange?.StartingSequenceNumber ?? "";
            expect(BigInt(starting)).toBeGreaterThan(BigInt(ending));
          }
        }
      },
    ),
    { numRuns: 25 },
  );
});

test("UpdateShardCount goes at most to double or half, 10 times a day", async () => {
  const local = await setup({ limits: { controlPerSecond: Infinity } });
  const { client } = local;
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 4 }));
  const scale = (TargetShardCount: number) =>
    client.send(
      new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: "UNIFORM_SCALING" }),
    );
  await expect(scale(9)).rejects.toMatchObject({ name: "InvalidArgumentException" });
  await expect(scale(1)).rejects.toMatchObject({ name: "InvalidArgumentException" });
  expect(await scale(6)).toMatchObject({ CurrentShardCount: 4, TargetShardCount: 6 });
  for (let call = 1; call < 10; call += 1) await scale(call % 2 === 0 ? 6 : 5);
  await expect(scale(6)).rejects.toMatchObject({ name: "LimitExceededException" });
  await local.clock.advance(24 * hourMs);
  await scale(6);
});

test("streams are listed and described in pages; tags and on-demand mode are kept", async () => {
  const local = await setup();
  const { client } = local;
  for (const name of ["b", "a", "c"])
    await client.send(
      new CreateStreamCommand({ StreamName: name, StreamModeDetails: { StreamMode: "ON_DEMAND" } }),
    );
  const first = await client.send(new ListStreamsCommand({ Limit: 2 }));
  expect(first).toMatchObject({ StreamNames: ["a", "b"], HasMoreStreams: true });
  const rest = await client.send(new ListStreamsCommand({ NextToken: first.NextToken }));
  expect(rest).toMatchObject({ StreamNames: ["c"], HasMoreStreams: false });
  expect(rest.StreamSummaries?.[0]?.StreamCreationTimestamp?.getTime()).toBe(local.clock.now());
  const described = await client.send(new DescribeStreamCommand({ StreamName: "a", Limit: 3 }));
  expect(described.StreamDescription).toMatchObject({
    StreamARN: "arn:aws:kinesis:eu-central-1:000000000000:stream/a",
    StreamStatus: "ACTIVE",
    HasMoreShards: true,
    RetentionPeriodHours: 24,
    StreamModeDetails: { StreamMode: "ON_DEMAND" },
  });
  expect(described.StreamDescription?.Shards).toHaveLength(3);
  await expect(
    client.send(
      new SplitShardCommand({
        StreamName: "a",
        ShardToSplit: "shardId-000000000000",
        NewStartingHashKey: "5",
      }),
    ),
  ).rejects.toMatchObject({ name: "ValidationException" });
  await client.send(new AddTagsToStreamCommand({ StreamName: "a", Tags: { team: "x", cost: "y" } }));
  const tags = await client.send(new ListTagsForStreamCommand({ StreamName: "a", Limit: 1 }));
  expect(tags).toMatchObject({ Tags: [{ Key: "cost", Value: "y" }], HasMoreTags: true });
  expect(await client.send(new DescribeLimitsCommand({}))).toMatchObject({
    OpenShardCount: 12,
    OnDemandStreamCount: 3,
  });
  await expect(client.send(new DescribeStreamCommand({ StreamName: "none" }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "Stream none under account 000000000000 not found.",
  });
});

test("control calls have the account's rates", async () => {
  const local = await setup({ limits: "aws" });
  local.server.call("CreateStream", { StreamName, ShardCount: 1 });
  const describe = () => local.client.send(new DescribeStreamCommand({ StreamName }));
  for (let call = 0; call < 10; call += 1) await describe();
  await expect(describe()).rejects.toMatchObject({ name: "LimitExceededException" });
  await local.clock.advance(100);
  await describe();
});
