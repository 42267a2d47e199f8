import { ExactNumber, type KinesisRecord } from "@kinesis-connectors/core";
import { recordsOf } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { dmsChanges, dsqlChanges } from "../src/index.js";

const recordWith = (document: unknown): KinesisRecord =>
  recordsOf([typeof document === "string" ? document : JSON.stringify(document)])[0]!;
const poisonOf = (run: () => unknown): string => {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown
      ? `${String(thrown.code)} ${thrown.message}`
      : "another";
  }
  return "nothing was thrown";
};

describe("dmsChanges()", () => {
  const metadata = {
    timestamp: "2026-02-03T00:00:00.000000Z",
    "record-type": "data",
    operation: "update",
    "partition-key-type": "primary-key",
    "schema-name": "shop",
    "table-name": "orders",
    "transaction-id": 25_769_803_806,
  };

  it("reads rows before and after, with their numbers digit for digit", () => {
    const text = `{"data":{"id":9007199254740993,"price":0.12345678901234567890123},"before-image":{"id":1},"metadata":${JSON.stringify(metadata)}}`;
    expect(dmsChanges().toModel(recordWith(text))).toEqual({
      kind: "data",
      operation: "update",
      data: { id: 9_007_199_254_740_993n, price: new ExactNumber("0.12345678901234567890123") },
      before: { id: 1 },
      schema: "shop",
      table: "orders",
      timestamp: metadata.timestamp,
      metadata,
    });
  });

  it("keeps control records apart: filtered, or models of their own", () => {
    const document = {
      control: { "table-def": {} },
      metadata: { ...metadata, "record-type": "control", operation: "create-table" },
    };
    expect(dmsChanges().toModel(recordWith(document))).toBeUndefined();
    expect(dmsChanges({ control: true }).toModel(recordWith(document))).toMatchObject({
      kind: "control",
      operation: "create-table",
      table: "orders",
      control: { "table-def": {} },
    });
  });

  it.each([
    [[], "no object"],
    [{ data: {} }, "metadata"],
    [{ data: {}, metadata: { ...metadata, operation: 4111 } }, "metadata.operation"],
    [{ data: {}, metadata: { ...metadata, operation: "4111" } }, "metadata.operation"],
    [{ data: {}, metadata: { ...metadata, "record-type": "4111" } }, "metadata.record-type"],
    [{ data: 4111, metadata }, "data"],
  ])("makes poison of %j", (document, member) => {
    const message = poisonOf(() => dmsChanges().toModel(recordWith(document)));
    expect(message).toMatch(/^KC_RECORD_POISON/);
    expect(message).toContain(member);
    expect(message).not.toContain("4111");
  });
});

describe("dsqlChanges()", () => {
  const source = {
    version: "1.0",
    ts_ms: 1_705_318_200_000,
    txId: "transaction-1",
    schema: "public",
    table: "order_items",
    db: "postgres",
    cluster: "cluster-1",
  };
  const textOf = (changes: Record<string, unknown>): string =>
    JSON.stringify({
      type: "full",
      op: "c",
      before: null,
      after: { id: 1, price: "29.99" },
      source,
      ts_ms: 1,
      ...changes,
    }).replace('"ts_ms":1705318200000', '"ts_ms":1705318200000,"ts_ns":1705318200000000123');

  it.each(["c", "u", "a word of later"])(
    "takes %j for an upsert, with its commit time to the nanosecond",
    (op) => {
      expect(dsqlChanges().toModel(recordWith(textOf({ op })))).toMatchObject({
        type: "upsert",
        op,
        before: undefined,
        after: { id: 1, price: "29.99" },
        schema: "public",
        table: "order_items",
        transactionId: "transaction-1",
        commitTimeNs: 1_705_318_200_000_000_123n,
      });
    },
  );

  it("reads a removal by the key of the row", () => {
    const change = dsqlChanges().toModel(recordWith(textOf({ op: "d", before: { id: 1 }, after: null })));
    expect(change).toMatchObject({ type: "delete", before: { id: 1 }, after: undefined });
  });

  it("reckons the commit time from milliseconds where there are no nanoseconds", () => {
    const document = { op: "c", after: {}, source };
    expect(dsqlChanges().toModel(recordWith(document))).toMatchObject({
      commitTimeNs: 1_705_318_200_000_000_000n,
    });
  });

  it.each([
    ["[]", "no object"],
    [textOf({ type: "4111" }), "a piece of a larger one"],
    [textOf({ op: 4111 }), "op"],
    [textOf({ op: "d", before: null }), "before"],
    [textOf({ after: "4111" }), "after"],
    [textOf({ source: null }), "source"],
    [textOf({ source: { ts_ns: "4111" } }), "source.ts_ns"],
  ])("makes poison of %s", (document, member) => {
    const message = poisonOf(() => dsqlChanges().toModel(recordWith(document)));
    expect(message).toMatch(/^KC_RECORD_POISON/);
    expect(message).toContain(member);
    expect(message).not.toContain("4111");
  });
});
