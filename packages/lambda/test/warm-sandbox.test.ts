import type { Emitter } from "@kinesis-connectors/core";
import { type LeaseTable, memoryLeases } from "@kinesis-connectors/leases";
import { virtualClock } from "@kinesis-connectors/testkit";
import { systemClock } from "@kinesis-connectors/core";
import { describe, expect, test } from "vitest";

import type { KinesisEvent } from "../src/index.js";
import { type Bucket, bucketEmitter, type Plan } from "./support/bucket.js";
import { FakeStream, STREAM_ARN } from "./support/fake-stream.js";
import { at, context, createFunction, S0 } from "./support/function.js";
import type { EventSourceMapping } from "../src/mapping/event-source-mapping.js";

const eventOf = (...numbers: readonly number[]): KinesisEvent => ({
  Records: numbers.map((number) => ({
    eventID: `${S0}:${100 + number}`,
    eventSourceARN: STREAM_ARN,
    kinesis: {
      sequenceNumber: `${100 + number}`,
      partitionKey: "k",
      data: Buffer.from(`${number}`).toString("base64"),
      approximateArrivalTimestamp: 1_767_225_600,
    },
  })),
});

const never = new Promise<never>(() => undefined);

describe("a mapping that changes while a sandbox is warm", () => {
  function changing() {
    const clock = virtualClock();
    const mapping = {
      UUID: "u",
      ParallelizationFactor: 1,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    };
    let looks = 0;
    const world = createFunction({
      clock,
      listMappings: (): Promise<readonly EventSourceMapping[]> => {
        looks += 1;
        return Promise.resolve([mapping]);
      },
    });
    const invoke = async (...numbers: readonly number[]) =>
      await clock.run(world.handler(eventOf(...numbers), context(60_000, clock)));
    return { ...world, clock, mapping, invoke, looks: () => looks };
  }

  test("to batches that overtake each other is refused before a record is passed over that nobody delivered", async () => {
    const { clock, mapping, invoke, texts } = changing();
    await invoke(1);
    mapping.ParallelizationFactor = 2;
    await clock.advance(60_000);
    // Two lanes: 3 and 5 come before 2 and 4.
    await invoke(3, 5);
    await expect(invoke(2, 4, 6)).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining("ParallelizationFactor 2"),
    });
    // And again, for as long as the mapping is so.
    await expect(invoke(2, 4)).rejects.toMatchObject({ code: "KC_OPTION_INVALID" });
    expect(texts()).toEqual(["1", "3", "5"]);
  });

  test("to one that hears no answers: a failure is thrown from then on, because the answer would count as success", async () => {
    const { clock, mapping, invoke, texts, bucket } = changing();
    let writes = 0;
    bucket.refuses = () => (writes += 1) % 2 === 0;
    const first = Array.from({ length: 30 }, (_, index) => index + 1);
    // Batches of twenty records: the first one lands, and the second does not.
    expect(await invoke(...first)).toEqual({ batchItemFailures: [{ itemIdentifier: "121" }] });
    mapping.FunctionResponseTypes = [];
    await clock.advance(60_000);
    const then = Array.from({ length: 50 }, (_, index) => index + 21);
    await expect(invoke(...then)).rejects.toMatchObject({ code: "KC_EMIT_REFUSED" });
    bucket.refuses = () => false;
    await invoke(...then);
    expect(texts()).toEqual(Array.from({ length: 70 }, (_, index) => `${index + 1}`));
  });

  test("is looked at again for repeated records alone, and not each time after an outage", async () => {
    const { clock, invoke, texts, looks } = changing();
    await invoke(1, 2);
    await clock.advance(60_000);
    await invoke(3);
    expect(looks()).toBe(1);
    await invoke(2, 3, 4);
    await invoke(3, 4);
    await invoke(1);
    expect(looks()).toBe(2);
    expect(texts()).toEqual(["1", "2", "3", "4"]);
  });
});

describe("what does not answer until the time is over is named, and keeps no later invocation waiting", () => {
  const hanging = <Call extends (...given: never[]) => Promise<unknown>>(call: Call) => {
    let calls = 0;
    return (...given: Parameters<Call>) => ((calls += 1) === 1 ? never : call(...given));
  };

  test.each(["open", "get", "create", "update"] as const)("%s of the lease table", async (step) => {
    const clock = virtualClock();
    const table = memoryLeases().connect();
    const leaseTable = { ...table, [step]: hanging(table[step]) } as LeaseTable;
    const { handler, texts } = createFunction({ clock, leaseTable });
    await expect(clock.run(handler(eventOf(1, 2), context(10_000, clock)))).rejects.toMatchObject({
      code: "KC_STOP_DEADLINE",
      message: expect.stringContaining("lease table"),
    });
    expect(clock.monotonicNow()).toBe(9_000);
    await clock.run(handler(eventOf(1, 2), context(10_000, clock)));
    expect(texts()).toEqual(["1", "2"]);
    expect(clock.pendingTimers()).toBe(0);
  });

  test("open of the emitter", async () => {
    const clock = virtualClock();
    const slow = (bucket: Bucket): Emitter<string, Plan> => ({
      ...bucketEmitter(bucket, at),
      open: hanging(() => Promise.resolve()),
    });
    const { handler, texts } = createFunction({ clock }, slow);
    await expect(clock.run(handler(eventOf(1), context(10_000, clock)))).rejects.toMatchObject({
      code: "KC_STOP_DEADLINE",
      message: expect.stringContaining("open of the emitter"),
    });
    await clock.run(handler(eventOf(1), context(10_000, clock)));
    expect(texts()).toEqual(["1"]);
  });

  test("the list of mappings", async () => {
    const clock = virtualClock();
    const listMappings = hanging(() => Promise.resolve([{ ParallelizationFactor: 1 }]));
    const { handler, texts } = createFunction({ clock, listMappings });
    await expect(clock.run(handler(eventOf(1), context(10_000, clock)))).rejects.toMatchObject({
      code: "KC_STOP_DEADLINE",
      message: expect.stringContaining("mapping"),
    });
    await clock.run(handler(eventOf(1), context(10_000, clock)));
    expect(texts()).toEqual(["1"]);
  });
});

test("a prepared batch with an aggregate of another shard in it is finished without that, also by an event that has no aggregate", async () => {
  const stream = new FakeStream(systemClock, 2);
  const { handler, bucket, texts } = createFunction({ kinesisApi: () => stream.api() });
  stream.putRecord(S0, "1");
  stream.putAggregate(S0, ["foreign", "foreign too"], "shardId-000000000001");
  stream.putRecord(S0, "2");
  const api = stream.api();
  const { records } = await api.getRecords(await api.getShardIterator(S0, { type: "trim-horizon" }), 10);
  const cut = (count: number): KinesisEvent => ({
    Records: records.slice(0, count).map(({ sequenceNumber, partitionKey, data, arrivalTimeMs }) => ({
      eventID: `${S0}:${sequenceNumber}`,
      eventSourceARN: STREAM_ARN,
      kinesis: {
        sequenceNumber,
        partitionKey,
        data: Buffer.from(data).toString("base64"),
        approximateArrivalTimestamp: arrivalTimeMs / 1_000,
      },
    })),
  });
  bucket.refuses = () => true;
  await expect(handler(cut(3), context())).rejects.toMatchObject({ code: "KC_EMIT_REFUSED" });
  bucket.refuses = () => false;
  expect(await handler(cut(1), context())).toEqual({ batchItemFailures: [] });
  expect(await handler(cut(3), context())).toEqual({ batchItemFailures: [] });
  expect(texts()).toEqual(["1", "2"]);
});
