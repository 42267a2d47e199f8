import { describe, expect, it } from "vitest";
import { notifying, definePipeline, json, type KinesisRecord } from "@kinesis-connectors/core";
import { ndjson, s3DeadLetters, s3Emitter } from "@kinesis-connectors/s3";
import { recordsOf } from "@kinesis-connectors/testkit";
import { runShard, startTarget } from "./support.js";

interface Order {
  readonly id: number;
}

const orderRecords = (count: number, keys: number): KinesisRecord[] =>
  recordsOf(
    Array.from({ length: count }, (_, id) => ({
      data: Buffer.from(JSON.stringify({ id })),
      partitionKey: `key-${id % keys}`,
    })),
  );

const idsOf = (texts: readonly string[]): number[] => texts.map((text) => (JSON.parse(text) as Order).id);

describe("a shard through the engine into a stream", () => {
  it("copies every record's own bytes, in the order of each key", async () => {
    await using target = await startTarget();
    const pipeline = definePipeline({
      transformer: json<Order>().original(),
      filter: ({ id }) => id % 10 !== 0,
      buffer: { maxRecords: 200 },
      emitter: target.emitter<Uint8Array>(),
    });
    await runShard(pipeline, orderRecords(1000, 7));
    for (let key = 0; key < 7; key += 1) {
      const landed = target.landed().filter(({ partitionKey }) => partitionKey === `key-${key}`);
      const expected = Array.from({ length: 1000 }, (_, id) => id).filter(
        (id) => id % 7 === key && id % 10 !== 0,
      );
      expect(idsOf(landed.map(({ text }) => text))).toEqual(expected);
    }
  });

  it("a hot key that is throttled again and again makes no dead letters, because it gets on", async () => {
    await using target = await startTarget();
    target.fault({ kind: "partial-failure", share: 1 }, { times: 30, probability: 0.5 });
    const pipeline = definePipeline({
      transformer: json<Order>().original(),
      emitter: target.emitter<Uint8Array>(),
      retry: { maxAttempts: 6, baseDelayMs: 1, maxDelayMs: 1 },
    });
    const events = await runShard(pipeline, orderRecords(100, 1));
    expect(idsOf(target.texts())).toEqual(Array.from({ length: 100 }, (_, id) => id));
    expect(events.filter(({ type }) => type === "emit-retry").length).toBeGreaterThan(6);
  });

  it("is waited for where it takes nothing for a long time: that is no reason to give up a record", async () => {
    await using target = await startTarget();
    target.fault({ kind: "partial-failure", share: 1 }, { times: 6 });
    target.fault({ kind: "partial-failure", share: 1, code: "InternalFailure" }, { nth: 7, times: 6 });
    const pipeline = definePipeline({
      transformer: json<Order>().original(),
      emitter: target.emitter<Uint8Array>(),
      retry: { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 1 },
    });
    await runShard(pipeline, orderRecords(10, 3));
    expect(idsOf(target.texts()).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("a record that is refused again and again takes none with it that waits behind it", async () => {
    await using target = await startTarget({ s3: { buckets: ["orders"] } });
    target.fault({ kind: "partial-failure", indexes: [0], code: "RefusedForGood" }, { times: 3 });
    const pipeline = definePipeline({
      transformer: json<Order>().original(),
      emitter: target.emitter<Uint8Array>(),
      retry: { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 1 },
      deadLetters: s3DeadLetters({ ...target.aws.clientOptions("s3"), bucket: "orders" }),
    });
    const events = await runShard(pipeline, orderRecords(10, 1));
    expect(idsOf(target.texts())).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(events.filter(({ type }) => type === "record-dead-letter")).toHaveLength(1);
  });

  it("notifies a stream of S3 objects: each key after its object is there, in the order of the shard", async () => {
    await using target = await startTarget({ s3: { buckets: ["orders"] } });
    const missing: string[] = [];
    const isThere = (key: string): boolean =>
      [...target.aws.s3.objects("orders")].some((object) => object.key === key);
    target.fault({ kind: "partial-failure", share: 1 }, { nth: 2, times: 2 });
    target.fault({ kind: "reply-lost" }, { nth: 6 });
    const pipeline = definePipeline({
      transformer: json<Order>(),
      buffer: { maxRecords: 100 },
      emitter: notifying({
        emitter: s3Emitter<Order>({
          ...target.aws.clientOptions("s3"),
          bucket: "orders",
          format: ndjson(),
        }),
        notifications: ({ places }) => places.map(({ key }) => key),
        to: target.emitter<string>({
          data: (key) => {
            if (!isThere(key)) missing.push(key);
            return key;
          },
        }),
      }),
      retry: { baseDelayMs: 1, maxDelayMs: 1 },
    });
    await runShard(pipeline, orderRecords(1000, 7));
    await pipeline.emitter.close?.();
    const keys = [...target.aws.s3.objects("orders")].map(({ key }) => key);
    const notified = [...new Set(target.texts())];
    expect(notified).toHaveLength(10);
    expect(notified.toSorted()).toEqual(keys.toSorted());
    // First sequence numbers, as integers: one of them has a digit less.
    const firsts = notified.map((key) => BigInt(/(\d+)-\d+\.ndjson$/.exec(key)?.[1] ?? ""));
    expect(firsts).toEqual(firsts.toSorted((one, other) => (one < other ? -1 : 1)));
    expect(new Set(target.landed().map(({ partitionKey }) => partitionKey))).toEqual(
      new Set(["shardId-000000000003"]),
    );
    expect(missing).toEqual([]);
    expect(target.aws.faults.unfired()).toEqual([]);
  });
});
