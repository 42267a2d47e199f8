import { describe, expect, it } from "vitest";
import { icebergEmitter, type IcebergEmitterOptions } from "../src/index.js";
import { memoryCatalog } from "./support/memory-catalog.js";

const good: IcebergEmitterOptions = {
  catalog: memoryCatalog(),
  table: "sales.orders",
  columns: { id: "int64", at: "timestamp" },
};

describe("options that cannot work", () => {
  it.each<[Readonly<Record<string, unknown>>, string]>([
    [{ catalog: {} }, "catalog must be restCatalog(), or an own Catalog"],
    [{ table: "orders" }, 'table must name a namespace and a table, such as "sales.orders"'],
    [{ table: "sales..orders" }, "table must name a namespace"],
    [{ columns: undefined }, "columns is missing"],
    [{ columns: {} }, "columns must have at least one column"],
    [{ columns: { at: { timestamp: "ns" } } }, "columns.at counts ns, but Iceberg v2 keeps microseconds"],
    [{ columns: { list: { list: { struct: { at: { timestamp: "ms" } } } } } }, "columns.list[].at counts ms"],
    [
      { columns: { map: { map: [{ struct: { a: "string" } }, "string"] } } },
      "columns.map keys must be of a type without parts",
    ],
    [{ unknownFields: "drop" }, 'unknownFields must be "refuse" or "ignore"'],
    [{ createTable: "yes" }, "createTable must be true or false"],
    [{ addColumns: 1 }, "addColumns must be true or false"],
    [{ properties: { a: 1 } }, "properties.a must be a text"],
    [{ compression: "lz4" }, "compression must be"],
    [{ commitEveryMs: -1 }, "commitEveryMs must be a whole number from 0"],
    [{ retentionHours: 1 }, "retentionHours must be a whole number from 24 to 8760"],
    [{ partitionBy: [{ column: "at", transform: "week" }] }, "partitionBy[0].transform must be identity"],
    [
      { partitionBy: [{ column: "when", transform: "day" }] },
      "partitionBy[0].column is when, which is no column",
    ],
    [
      { partitionBy: [{ column: "id", transform: "day" }] },
      "partitionBy[0].transform day does not take the type long",
    ],
    [{ storage: "s3" }, "storage must be an object"],
    [{ storage: { partBytes: 1 } }, "partBytes must be a whole number"],
  ])("are refused by name: %j", (change, message) => {
    // What only a caller without types can pass.
    const options = { ...good, ...change } as IcebergEmitterOptions;
    expect(() => icebergEmitter(options)).toThrow(
      expect.objectContaining({ code: "KC_OPTION_INVALID", message: expect.stringContaining(message) }),
    );
  });
});
