import { readFile } from "node:fs/promises";
import { batchOf, deliver, recordsOf, thrownBy } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { ExactNumber, hasCode, json } from "@kinesis-connectors/core";
import { marshalItem } from "../src/items/marshal.js";
import { type Order, startDynamoDb } from "./local-dynamodb.js";

describe("exact-numbers", () => {
  it("are N with all their digits", async () => {
    await using local = await startDynamoDb();
    const lines = (await readFile(new URL("cases/exact-numbers.ndjson", import.meta.url), "utf8"))
      .trimEnd()
      .split("\n");
    const { toModel } = json<object>({ numbers: "exact" });
    const orders = recordsOf(lines).map((record, nth): Order => {
      const order = toModel(record) as { readonly id: unknown };
      return Object.assign(order, { nr: order.id, id: `order-${nth}` });
    });
    expect(await deliver(local.emitter(), batchOf(orders))).toEqual({ failed: [] });
    expect(await local.column("nr")).toEqual({
      "order-0": "9007199254740993",
      "order-1": "-9223372036854775808",
      "order-2": "18446744073709551615",
    });
    expect(await local.column("price")).toEqual({
      "order-0": "1.1",
      "order-1": "0.12345678901234567890123",
      "order-2": "100000000000000000000.5",
    });
    expect(await local.column("big")).toEqual({
      "order-0": "123456789012345678901234567890",
      "order-1": "0",
      "order-2": "100",
    });
  });

  it("are refused by name past 38 digits and DynamoDB's range", () => {
    for (const text of [`0.${"1".repeat(39)}`, "1e400", "1e-131", "1e99999999999", "1e126"]) {
      const error = thrownBy(() => marshalItem({ in: { price: new ExactNumber(text) } }));
      expect(hasCode(error, "KC_RECORD_POISON")).toBe(true);
      expect(error.message).toContain("in.price");
    }
    expect(
      marshalItem({ set: new Set([new ExactNumber("1.5e30"), 2n]), zero: new ExactNumber("0e-500") }),
    ).toEqual({
      set: { NS: ["1.5e30", "2"] },
      zero: { N: "0e-500" },
    });
  });
});

describe("half a surrogate pair", () => {
  it("is refused by its place, in values, sets and names", () => {
    for (const item of [
      { a: "\ud800" },
      { a: { b: ["x", "y\udc00"] } },
      { a: new Set(["x", "\ud83d"]) },
      { a: { "\ud800": 1 } },
    ]) {
      const error = thrownBy(() => marshalItem(item));
      expect(hasCode(error, "KC_RECORD_POISON")).toBe(true);
      expect(error.message).toMatch(/ a.*half a surrogate pair/);
    }
    expect(marshalItem({ a: "😀" })).toEqual({ a: { S: "😀" } });
  });
});
