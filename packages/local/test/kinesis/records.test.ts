import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { bytes, setup, words, type Setup } from "./setup.js";

const StreamName = "orders";

async function open({ client }: Setup, ShardCount = 1) {
  await client.send(new CreateStreamCommand({ StreamName, ShardCount }));
}

async function iterator({ client }: Setup, shard = 0, type: "TRIM_HORIZON" | "LATEST" = "TRIM_HORIZON") {
  const ShardId = `shardId-${String(shard).padStart(12, "0")}`;
  const { ShardIterator } = await client.send(
    new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: type }),
  );
  return ShardIterator ?? "";
}

const put = ({ client }: Setup, data: string, PartitionKey = "k") =>
  client.send(new PutRecordCommand({ StreamName, PartitionKey, Data: bytes(data) }));

test("records come back in order, with rising 56-digit sequence numbers and millisecond arrival times", async () => {
  const local = await setup();
  await open(local);
  const answer = await local.client.send(
    new PutRecordsCommand({
      StreamName,
      Records: ["a", "", "ü"].map((text) => ({ Data: bytes(text), PartitionKey: `key ${text}` })),
    }),
  );
  expect(answer.FailedRecordCount).toBe(0);
  await local.clock.advance(1234);
  await put(local, "later");
  const page = await local.client.send(new GetRecordsCommand({ ShardIterator: await iterator(local) }));
  const records = page.Records ?? [];
  expect(records.map((record) => words(record.Data))).toEqual(["a", "", "ü", "later"]);
  expect(records.map((record) => record.PartitionKey)).toEqual(["key a", "key ", "key ü", "k"]);
  const numbers = records.map((record) => BigInt(record.SequenceNumber ?? ""));
  expect(records.every((record) => record.SequenceNumber?.length === 56)).toBe(true);
  for (const [index, number] of numbers.slice(1).entries())
    expect(number).toBeGreaterThan(numbers[index] ?? 0n);
  expect(answer.Records?.map((entry) => entry.SequenceNumber)).toEqual(
    records.slice(0, 3).map((record) => record.SequenceNumber),
  );
  expect(records[3]?.ApproximateArrivalTimestamp?.getTime()).toBe(local.clock.now());
  expect(page.MillisBehindLatest).toBe(0);
  expect(page.NextShardIterator).toBeTruthy();
  expect(page.ChildShards).toBeUndefined();
});

test("a partition key lands by its MD5, an explicit hash key wins", async () => {
  const local = await setup();
  await open(local, 2);
  // MD5("a") = 0cc1..., MD5("b") = 92eb...: lower and upper half.
  expect((await put(local, "x", "a")).ShardId).toBe("shardId-000000000000");
  expect((await put(local, "x", "b")).ShardId).toBe("shardId-000000000001");
  const explicit = (ExplicitHashKey: string) =>
    local.client.send(
      new PutRecordCommand({ StreamName, PartitionKey: "a", ExplicitHashKey, Data: bytes("x") }),
    );
  expect((await explicit("170141183460469231731687303715884105727")).ShardId).toBe("shardId-000000000000");
  expect((await explicit("170141183460469231731687303715884105728")).ShardId).toBe("shardId-000000000001");
  await expect(explicit("340282366920938463463374607431768211456")).rejects.toMatchObject({
    name: "InvalidArgumentException",
  });
});

test("Limit and 10 MiB bound a page; MillisBehindLatest counts from the first unread record", async () => {
  const local = await setup();
  await open(local);
  await put(local, "one");
  await local.clock.advance(500);
  await put(local, "two");
  await local.clock.advance(700);
  const page = await local.client.send(
    new GetRecordsCommand({ ShardIterator: await iterator(local), Limit: 1 }),
  );
  expect(page.Records?.length).toBe(1);
  expect(page.MillisBehindLatest).toBe(700);

  const large = new Uint8Array(1024 * 1024 - 1).fill(7);
  for (let index = 0; index < 11; index += 1)
    await local.client.send(new PutRecordCommand({ StreamName, PartitionKey: "k", Data: large }));
  const second = await local.client.send(
    new GetRecordsCommand({ ShardIterator: page.NextShardIterator ?? "" }),
  );
  // "two" and nine large ones: the tenth would exceed 10 MiB.
  expect(second.Records?.length).toBe(10);
});

test("PutRecords of 0 or 501 entries, a record over 1 MiB and a request over 5 MiB are refused whole", async () => {
  const local = await setup();
  await open(local);
  const send = (count: number, size: number) =>
    local.client.send(
      new PutRecordsCommand({
        StreamName,
        Records: Array.from({ length: count }, () => ({ Data: new Uint8Array(size), PartitionKey: "k" })),
      }),
    );
  await expect(send(0, 1)).rejects.toMatchObject({ name: "ValidationException" });
  await expect(send(501, 1)).rejects.toMatchObject({ name: "ValidationException" });
  await expect(send(1, 1024 * 1024)).rejects.toMatchObject({ name: "InvalidArgumentException" });
  await expect(send(6, 900_000)).rejects.toMatchObject({ name: "InvalidArgumentException" });
  expect((await send(500, 1)).FailedRecordCount).toBe(0);
  expect(local.server.account.streams.get(StreamName)?.openShards[0]?.endPosition).toBe(500);
});

test("the write rate of a shard refuses entries one by one, with account, stream and shard in the message", async () => {
  const local = await setup({ limits: "aws" });
  await open(local);
  const send = () =>
    local.client.send(
      new PutRecordsCommand({
        StreamName,
        Records: Array.from({ length: 500 }, () => ({ Data: bytes("x"), PartitionKey: "k" })),
      }),
    );
  expect((await send()).FailedRecordCount).toBe(0);
  expect((await send()).FailedRecordCount).toBe(0);
  const refused = await send();
  expect(refused.FailedRecordCount).toBe(500);
  expect(refused.Records?.[0]).toEqual({
    ErrorCode: "ProvisionedThroughputExceededException",
    ErrorMessage: "Rate exceeded for shard shardId-000000000000 in stream orders under account 000000000000.",
  });
  await expect(put(local, "x")).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
  await local.clock.advance(100);
  expect((await send()).FailedRecordCount).toBe(400);
});

test("F01 the sixth GetRecords of a second is throttled, and its iterator stays good", async () => {
  const local = await setup({ limits: "aws" });
  await open(local);
  await put(local, "kept");
  const ShardIterator = await iterator(local);
  const get = () => local.client.send(new GetRecordsCommand({ ShardIterator }));
  for (let call = 0; call < 5; call += 1) await get();
  await expect(get()).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
  await local.clock.advance(1000);
  expect((await get()).Records?.map((record) => words(record.Data))).toEqual(["kept"]);
});

test("after an answer of 10 MiB a shard is throttled for five seconds", async () => {
  const local = await setup({ limits: { writeBytesPerSecond: Infinity } });
  await open(local);
  const large = new Uint8Array(1024 * 1024 - 1).fill(7);
  for (let index = 0; index < 10; index += 1)
    await local.client.send(new PutRecordCommand({ StreamName, PartitionKey: "k", Data: large }));
  const ShardIterator = await iterator(local);
  const get = () => local.client.send(new GetRecordsCommand({ ShardIterator }));
  await get();
  await local.clock.advance(4900);
  await expect(get()).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
  await local.clock.advance(200);
  expect((await get()).Records?.length).toBe(10);
});

test("F10 an iterator may be reused for 300 s and is then expired", async () => {
  const local = await setup();
  await open(local);
  await put(local, "a");
  const ShardIterator = await iterator(local);
  const get = () => local.client.send(new GetRecordsCommand({ ShardIterator }));
  await local.clock.advance(300_000);
  expect((await get()).Records?.length).toBe(1);
  expect((await get()).Records?.length).toBe(1);
  await local.clock.advance(1);
  await expect(get()).rejects.toMatchObject({
    name: "ExpiredIteratorException",
    message: expect.stringContaining("tolerated delay of 300000 milliseconds"),
  });
});

test("iterators start at a number, after it, at a time, and at the tip", async () => {
  const local = await setup();
  await open(local);
  const times: number[] = [];
  const numbers: string[] = [];
  for (const text of ["a", "b", "c"]) {
    numbers.push((await put(local, text)).SequenceNumber ?? "");
    times.push(local.clock.now());
    await local.clock.advance(1500);
  }
  const from = async (position: { type: string; number?: string | undefined; time?: number | undefined }) => {
    const { ShardIterator } = await local.client.send(
      new GetShardIteratorCommand({
        StreamName,
        ShardId: "shardId-000000000000",
        ShardIteratorType: position.type as "LATEST",
        StartingSequenceNumber: position.number,
        ...(position.time === undefined ? {} : { Timestamp: new Date(position.time) }),
      }),
    );
    const page = await local.client.send(new GetRecordsCommand({ ShardIterator: ShardIterator ?? "" }));
    return page.Records?.map((record) => words(record.Data)).join("");
  };
  expect(await from({ type: "AT_SEQUENCE_NUMBER", number: numbers[1] })).toBe("bc");
  expect(await from({ type: "AFTER_SEQUENCE_NUMBER", number: numbers[1] })).toBe("c");
  expect(await from({ type: "AT_TIMESTAMP", time: times[1] })).toBe("bc");
  expect(await from({ type: "AT_TIMESTAMP", time: (times[1] ?? 0) + 1 })).toBe("c");
  expect(await from({ type: "AT_TIMESTAMP", time: 0 })).toBe("abc");
  expect(await from({ type: "AT_TIMESTAMP", time: local.clock.now() })).toBe("");
  expect(await from({ type: "LATEST" })).toBe("");
  const refused = { name: "InvalidArgumentException" };
  await expect(from({ type: "AT_TIMESTAMP", time: local.clock.now() + 1 })).rejects.toMatchObject(refused);
  await expect(from({ type: "AT_SEQUENCE_NUMBER", number: "123" })).rejects.toMatchObject(refused);
  await expect(local.client.send(new GetRecordsCommand({ ShardIterator: "garbage" }))).rejects.toMatchObject(
    refused,
  );
});

test("F70 a number of a deleted stream's namesake and its iterator are refused", async () => {
  const local = await setup();
  await open(local);
  const { SequenceNumber } = await put(local, "old");
  const old = await iterator(local);
  local.server.call("DeleteStream", { StreamName });
  await open(local);
  const refused = { name: "InvalidArgumentException" };
  await expect(local.client.send(new GetRecordsCommand({ ShardIterator: old }))).rejects.toMatchObject(
    refused,
  );
  await expect(
    local.client.send(
      new GetShardIteratorCommand({
        StreamName,
        ShardId: "shardId-000000000000",
        ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
        StartingSequenceNumber: SequenceNumber,
      }),
    ),
  ).rejects.toMatchObject(refused);
});

test("F71 records leave after the retention period, and raising it revives nothing", async () => {
  const local = await setup();
  await open(local);
  const { SequenceNumber } = await put(local, "old");
  local.server.call("IncreaseStreamRetentionPeriod", { StreamName, RetentionPeriodHours: 48 });
  await local.clock.advance(30 * 3_600_000);
  await put(local, "new");
  const read = async () =>
    (await local.client.send(new GetRecordsCommand({ ShardIterator: await iterator(local) }))).Records?.map(
      (record) => words(record.Data),
    );
  expect(await read()).toEqual(["old", "new"]);
  local.server.call("DecreaseStreamRetentionPeriod", { StreamName, RetentionPeriodHours: 24 });
  local.server.call("IncreaseStreamRetentionPeriod", { StreamName, RetentionPeriodHours: 48 });
  expect(await read()).toEqual(["new"]);
  const { ShardIterator } = await local.client.send(
    new GetShardIteratorCommand({
      StreamName,
      ShardId: "shardId-000000000000",
      ShardIteratorType: "AT_SEQUENCE_NUMBER",
      StartingSequenceNumber: SequenceNumber,
    }),
  );
  const page = await local.client.send(new GetRecordsCommand({ ShardIterator: ShardIterator ?? "" }));
  expect(page.Records?.map((record) => words(record.Data))).toEqual(["new"]);
});

test("F17 the last page of a split shard has no next iterator and both children", async () => {
  const local = await setup();
  await open(local);
  await put(local, "last");
  await local.client.send(
    new SplitShardCommand({ StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: "1000" }),
  );
  const page = await local.client.send(new GetRecordsCommand({ ShardIterator: await iterator(local) }));
  expect(page.Records?.length).toBe(1);
  expect(page.NextShardIterator).toBeUndefined();
  expect(page.ChildShards).toEqual([
    {
      ShardId: "shardId-000000000001",
      ParentShards: ["shardId-000000000000"],
      HashKeyRange: { StartingHashKey: "0", EndingHashKey: "999" },
    },
    {
      ShardId: "shardId-000000000002",
      ParentShards: ["shardId-000000000000"],
      HashKeyRange: {
        StartingHashKey: "1000",
        EndingHashKey: "340282366920938463463374607431768211455",
      },
    },
  ]);
  const tip = await local.client.send(
    new GetRecordsCommand({ ShardIterator: await iterator(local, 0, "LATEST") }),
  );
  expect(tip).toMatchObject({ Records: [], ChildShards: [{}, {}] });
  const child = await put(local, "child");
  expect(BigInt(child.SequenceNumber ?? "")).toBeGreaterThan(BigInt(page.Records?.[0]?.SequenceNumber ?? ""));
});

test("F18 the child of a merge names both parents", async () => {
  const local = await setup({ shardEnd: "empty-page" });
  await open(local, 2);
  await put(local, "x", "a");
  await local.client.send(
    new MergeShardsCommand({
      StreamName,
      ShardToMerge: "shardId-000000000000",
      AdjacentShardToMerge: "shardId-000000000001",
    }),
  );
  const page = await local.client.send(new GetRecordsCommand({ ShardIterator: await iterator(local) }));
  expect(page.Records?.length).toBe(1);
  expect(page.ChildShards).toBeUndefined();
  const end = await local.client.send(new GetRecordsCommand({ ShardIterator: page.NextShardIterator ?? "" }));
  expect(end.Records).toEqual([]);
  expect(end.NextShardIterator).toBeUndefined();
  expect(end.ChildShards?.[0]?.ParentShards).toEqual(["shardId-000000000000", "shardId-000000000001"]);
  const { Shards } = await local.client.send(new ListShardsCommand({ StreamName }));
  expect(Shards?.[2]).toMatchObject({
    ParentShardId: "shardId-000000000000",
    AdjacentParentShardId: "shardId-000000000001",
  });
});

test("F15 pages may be empty with records left", async () => {
  const local = await setup({ emptyPages: 1 });
  await open(local);
  await put(local, "unseen");
  await local.clock.advance(1000);
  let ShardIterator = await iterator(local);
  for (let page = 0; page < 20; page += 1) {
    const answer = await local.client.send(new GetRecordsCommand({ ShardIterator }));
    expect(answer).toMatchObject({ Records: [], MillisBehindLatest: 1000 });
    ShardIterator = answer.NextShardIterator ?? "";
  }
});
