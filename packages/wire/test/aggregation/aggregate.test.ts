import { describe, expect, it } from "vitest";

import {
  AggregateInputError,
  type AggregatorOptions,
  createAggregator,
  deaggregate,
  type KinesisRecordToPut,
  type RecordToAggregate,
} from "../../src/index.js";
import { text, vector } from "../support/support.js";

const record = (partitionKey: string, data: string, explicitHashKey?: string): RecordToAggregate => ({
  partitionKey,
  data: Buffer.from(data),
  ...(explicitHashKey === undefined ? {} : { explicitHashKey }),
});

const aggregate = (
  records: readonly RecordToAggregate[],
  options?: AggregatorOptions,
): KinesisRecordToPut[] => {
  const aggregator = createAggregator(options);
  return [...records.map((each) => aggregator.add(each)), aggregator.flush()].filter(
    (put) => put !== undefined,
  );
};

describe("createAggregator", () => {
  it("writes the vector byte for byte", () => {
    const puts = aggregate([
      record("pk-a", "one"),
      record("pk-b", "two", String(2n ** 127n)),
      record("pk-a", "three"),
    ]);
    expect(puts).toEqual([{ data: vector, partitionKey: "pk-a", userRecords: 3 }]);
  });

  it("leads the Kinesis record where its first user record leads", () => {
    const [put] = aggregate([record("x", "1", "42"), record("y", "2")]);
    expect(put).toMatchObject({ partitionKey: "x", explicitHashKey: "42", userRecords: 2 });
  });

  it("puts a single record as it is", () => {
    const single = record("pk", "alone", "7");
    const [put] = aggregate([single]);
    expect(put).toEqual({ data: single.data, partitionKey: "pk", explicitHashKey: "7", userRecords: 1 });
    expect(put?.data).toBe(single.data);
  });

  it("frames a single record that is itself an aggregate, so that it comes back as it was", () => {
    const [put] = aggregate([{ partitionKey: "pk", data: vector }]);
    expect(deaggregate(put?.data ?? vector)).toEqual({
      kind: "aggregated",
      records: [{ data: vector, partitionKey: "pk", subSequenceNumber: 0 }],
    });
  });

  it("finishes at maxRecords, at once", () => {
    const aggregator = createAggregator({ maxRecords: 2 });
    expect(aggregator.add(record("a", "1"))).toBeUndefined();
    expect(aggregator.add(record("a", "2"))?.userRecords).toBe(2);
    expect(aggregator.flush()).toBeUndefined();
  });

  it("with maxRecords 1 puts every record as it is", () => {
    expect(
      aggregate([record("a", "1"), record("b", "2")], { maxRecords: 1 }).map((put) => text(put.data)),
    ).toEqual(["1", "2"]);
  });

  it("fills an aggregate to exactly maxBytes and starts another for one byte more", () => {
    const records = [
      record("pk-a", "one"),
      record("pk-b", "two", String(2n ** 127n)),
      record("pk-a", "three"),
    ];
    expect(aggregate(records, { maxBytes: vector.length })).toHaveLength(1);
    expect(aggregate(records, { maxBytes: vector.length - 1 }).map((put) => put.userRecords)).toEqual([2, 1]);
  });

  it("keeps to the KPL's 51,200 bytes by default", () => {
    const puts = aggregate(
      Array.from({ length: 1000 }, (_, index) => record(`key-${index}`, "x".repeat(200))),
    );
    expect(puts.every((put) => put.data.length <= 51_200)).toBe(true);
    expect(puts.slice(0, -1).every((put) => put.data.length > 51_200 - 230)).toBe(true);
    expect(puts.reduce((sum, put) => sum + put.userRecords, 0)).toBe(1000);
  });

  it("puts a record larger than maxBytes alone and in its place", () => {
    const puts = aggregate(
      [record("a", "1"), record("a", "x".repeat(300)), record("a", "2"), record("a", "3")],
      { maxBytes: 100 },
    );
    expect(puts.map((put) => put.userRecords)).toEqual([1, 1, 2]);
    expect(text(puts[1]?.data ?? Buffer.of())).toBe("x".repeat(300));
  });

  it.each([
    ["an empty partition key", record("", "1")],
    ["a partition key of 257 characters", record("x".repeat(257), "1")],
    ["an explicit hash key that is no number", record("a", "1", "abc")],
    ["an explicit hash key of 2^128", record("a", "1", String(2n ** 128n))],
  ])("refuses %s and stays as it was", (_, wrong) => {
    const aggregator = createAggregator();
    aggregator.add(record("a", "1"));
    expect(() => aggregator.add(wrong)).toThrow(AggregateInputError);
    expect(aggregator.flush()?.userRecords).toBe(1);
  });

  it("takes 256 characters that are 512 UTF-16 units", () => {
    expect(aggregate([record("\u{1F980}".repeat(256), "1")])).toHaveLength(1);
    expect(() => aggregate([record("\u{1F980}".repeat(257), "1")])).toThrow("257 characters");
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 100_001])(
    "refuses maxRecords %s",
    (maxRecords) => {
      expect(() => createAggregator({ maxRecords })).toThrow(
        /^maxRecords is .*; give a whole number from 1 to 100000$/,
      );
    },
  );

  it.each([0, Number.NaN, 10_485_761])("refuses maxBytes %s", (maxBytes) => {
    expect(() => createAggregator({ maxBytes })).toThrow(
      /^maxBytes is .*; give a whole number from 1 to 10485760$/,
    );
  });

  it("names its errors by a code", () => {
    const error = new AggregateInputError("no");
    expect(error).toMatchObject({ name: "AggregateInputError", code: "KC_AGGREGATE_INPUT" });
    expect(AggregateInputError.isInstance(error)).toBe(true);
    expect(AggregateInputError.isInstance(new Error("no"))).toBe(false);
    expect(AggregateInputError.isInstance({ code: "KC_AGGREGATE_INPUT" })).toBe(false);
  });
});
