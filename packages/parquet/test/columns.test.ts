import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ColumnType, parquet, type ParquetSchema } from "@kinesis-connectors/parquet";
import { bytesOf, Duck, refusedOf } from "./support.js";

let duck: Duck;
beforeAll(async () => {
  duck = await Duck.start();
});
afterAll(async () => {
  await duck[Symbol.asyncDispose]();
});

const SCHEMA: ParquetSchema = {
  id: { required: "int64" },
  small: "int32",
  flag: "boolean",
  ratio: "double",
  rough: "float",
  name: "string",
  raw: "bytes",
  day: "date",
  time: "timestamp",
  payload: "json",
  price: { decimal: [9, 2] },
  sum: { decimal: [18, 4] },
  huge: { decimal: [38, 10] },
  tags: { list: "string" },
  grid: { list: { list: "int32" } },
  address: { struct: { city: "string", lines: { list: { struct: { nr: "int32", text: "string" } } } } },
};

describe("declared columns", () => {
  it("have the types that DuckDB, an independent reader, knows them by", async () => {
    expect(await duck.types(await bytesOf(parquet({ schema: SCHEMA }), [{ id: 1 }]))).toEqual({
      id: "BIGINT",
      small: "INTEGER",
      flag: "BOOLEAN",
      ratio: "DOUBLE",
      rough: "FLOAT",
      name: "VARCHAR",
      raw: "BLOB",
      day: "DATE",
      time: "TIMESTAMP WITH TIME ZONE",
      payload: "VARCHAR",
      price: "DECIMAL(9,2)",
      sum: "DECIMAL(18,4)",
      huge: "DECIMAL(38,10)",
      tags: "VARCHAR[]",
      grid: "INTEGER[][]",
      address: 'STRUCT(city VARCHAR, lines STRUCT(nr INTEGER, "text" VARCHAR)[])',
    });
  });

  it("hold what was put into them, nulls and empty lists apart", async () => {
    const rows = [
      {
        id: 2n ** 63n - 1n,
        small: -(2 ** 31),
        flag: true,
        ratio: 0.1,
        rough: 1.5,
        name: "Grüße 🌍",
        raw: new Uint8Array([0, 255]),
        day: "2024-02-29",
        time: "2026-11-23T10:11:55.123456+02:00",
        payload: { a: [1, null], b: "x" },
        price: "-1234567.89",
        sum: 0.1,
        huge: "9999999999999999999999999999.0123456789",
        tags: ["a", null, ""],
        grid: [[1, 2], [], null, [null]],
        address: { city: "Wien", lines: [{ nr: 1, text: "x" }, null, { text: "y" }] },
      },
      { id: 0, tags: [], grid: [], address: { lines: [] } },
      { id: -(2n ** 63n), tags: null, grid: undefined, address: {} },
      { id: 3, small: null, day: new Date(0), time: new Date(-1), sum: 12n, huge: -1e-10, address: null },
    ];
    const found = await duck.read(
      await bytesOf(parquet({ schema: SCHEMA }), rows),
      `* REPLACE (hex(raw) AS raw, strftime(time AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%f') AS time)`,
    );
    const empty = Object.fromEntries(Object.keys(SCHEMA).map((name) => [name, null]));
    expect(found).toEqual([
      {
        id: "9223372036854775807",
        small: -2147483648,
        flag: true,
        ratio: 0.1,
        rough: 1.5,
        name: "Grüße 🌍",
        raw: "00FF",
        day: "2024-02-29",
        time: "2026-11-23T08:11:55.123456",
        payload: '{"a":[1,null],"b":"x"}',
        price: "-1234567.89",
        sum: "0.1000",
        huge: "9999999999999999999999999999.0123456789",
        tags: ["a", null, ""],
        grid: [[1, 2], [], null, [null]],
        address: { city: "Wien", lines: [{ nr: 1, text: "x" }, null, { nr: null, text: "y" }] },
      },
      { ...empty, id: "0", tags: [], grid: [], address: { city: null, lines: [] } },
      { ...empty, id: "-9223372036854775808", address: { city: null, lines: null } },
      {
        ...empty,
        id: "3",
        day: "1970-01-01",
        time: "1969-12-31T23:59:59.999000",
        sum: "12.0000",
        huge: "-0.0000000001",
      },
    ]);
  });

  it("keep a field named __proto__ as a field", async () => {
    const rows = [JSON.parse('{"__proto__": 1, "in": {"__proto__": "x"}}') as object];
    const schema = JSON.parse(
      '{"__proto__": "int32", "in": {"struct": {"__proto__": "string"}}}',
    ) as ParquetSchema;
    const found = await duck.read(
      await bytesOf(parquet({ schema }), rows),
      `"__proto__" AS outer_one, "in"."__proto__" AS inner_one`,
    );
    expect(found).toEqual([{ outer_one: 1, inner_one: "x" }]);
  });

  it.each<[ColumnType, readonly unknown[]]>([
    ["boolean", [1, "true", {}]],
    ["int32", [2 ** 31, -(2 ** 31) - 1, 1.5, NaN, 2n ** 31n, 2n ** 64n, "1", true]],
    ["int64", [2 ** 53, 1.5, Infinity, 2n ** 63n, -(2n ** 63n) - 1n, "1"]],
    ["float", [1e39, "1", 2n ** 60n + 1n]],
    ["double", ["1", 2n ** 60n + 1n, 10n ** 400n, true]],
    ["string", [1, "\ud800", "a\udc00b", {}, new Date(0)]],
    ["bytes", ["00", [0], new Date(0)]],
    ["date", ["2023-02-29", "23-01-01", "2023-01-01T00:00:00Z", new Date(1), new Date(NaN), 5]],
    [
      "timestamp",
      [
        "2023-01-01",
        "2023-01-01T00:00:00",
        "2023-02-30T00:00:00Z",
        "2023-01-01T00:00:00.1234567Z",
        new Date(NaN),
        5,
      ],
    ],
    ["json", [() => 1, Symbol("x")]],
    [{ timestamp: "ms" }, ["2023-01-01T00:00:00.1234Z", "2023-01-01", 5]],
    [
      { timestamp: "ns" },
      ["2262-04-11T23:47:16.854775808Z", "1677-01-01T00:00:00Z", "2023-01-01T00:00:00.1234567891Z"],
    ],
    [{ timestamp: "us", truncate: true }, ["2023-01-01T00:00:00.1234567", "2023-02-30T00:00:00.1234567Z"]],
    [
      { decimal: [4, 2] },
      ["1.234", 0.001, "100", -100, 100n, "1e2", "x", "", "1,2", NaN, Infinity, true, {}],
    ],
    [{ list: "int32" }, ["x", {}, 1, [1, "2"], [[1]]]],
    [
      { struct: { a: "int32" } },
      [1, "x", [], [{ a: 1 }], { a: "1" }, { a: 1, b: 2 }, new Date(0), new Map()],
    ],
    [{ required: "int32" }, [null, undefined]],
    [{ list: { required: "int32" } }, [[null], [1, undefined]]],
    [{ struct: { a: { required: "int32" } } }, [{}, { a: null }]],
  ])(
    "of type %j refuse each value that does not fit, by its column and without the value",
    async (type, values) => {
      const rows = [{}, ...values.map((value) => ({ column: value }))];
      const schema = { column: type, other: "int32" } as const;
      const isRequired = typeof type === "object" && "required" in type;
      const refused = await refusedOf(parquet({ schema }), rows);
      expect(refused.map(({ index }) => index)).toEqual(
        rows.map((_, index) => index).filter((index) => isRequired || index > 0),
      );
      for (const { error } of refused) {
        expect(error).toMatchObject({ code: "KC_RECORD_POISON" });
        expect(error.message).toMatch(
          /^the record does not fit the Parquet columns: row\.column(\[\]|\.a)? [a-z0-9 ,{}]+$/,
        );
      }
    },
  );

  it("refuse a field that has no column, or leave it out when told to", async () => {
    const schema = { a: "int32" } as const;
    const rows = [{ a: 1 }, { a: 2, secret: "x" }, { a: 3, secret: null }];
    const [refused, ...more] = await refusedOf(parquet({ schema }), rows);
    expect(more).toEqual([]);
    expect(refused).toMatchObject({ index: 1 });
    expect(refused?.error.message).toBe(
      "the record does not fit the Parquet columns: row has no column for field number 2 of the record (`unknownFields` can leave such fields out)",
    );
    const bytes = await bytesOf(parquet<object>({ schema, unknownFields: "ignore" }), rows);
    expect(await duck.read(bytes)).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  it("refuse rows that are no objects", async () => {
    const rows = [[1], new Date(0), {}, new Map([["a", 1]])];
    const refused = await refusedOf(parquet<object>({ schema: { a: "int32" } }), rows);
    expect(refused.map(({ index }) => index)).toEqual([0, 1, 3]);
  });
});

describe("files", () => {
  it.each(["none", "snappy", "gzip", "zstd"] as const)(
    "are compressed with %s inside",
    async (compression) => {
      const rows = Array.from({ length: 2500 }, (_, id) => ({ id, text: `text number ${id % 100}` }));
      const format = parquet({
        schema: { id: "int32", text: "string" },
        compression,
        rowGroupRows: 1000,
      });
      const path = await duck.keep(await bytesOf(format, rows));
      expect(
        await duck.rows(
          `SELECT DISTINCT compression AS codec, row_group_id::INT AS id, row_group_num_rows::INT AS rows FROM parquet_metadata('${path}') ORDER BY 2`,
        ),
      ).toEqual(
        [1000, 1000, 500].map((count, id) => ({
          codec: compression === "none" ? "UNCOMPRESSED" : compression.toUpperCase(),
          id,
          rows: count,
        })),
      );
      expect(await duck.rows(`SELECT id, text FROM read_parquet('${path}')`)).toEqual(rows);
    },
  );

  it("have statistics that skip no row that a query asks for", async () => {
    // By UTF-16 the second comes first, by UTF-8 last; the long ones are cut in the statistics.
    const names = ["\uffee", "🌍", "a".repeat(100), `${"a".repeat(99)}b`, "", "\u{10ffff}".repeat(20)];
    const rows = names.map((name, nth) => ({ name, price: nth - 3, ratio: nth === 2 ? NaN : nth - 2.5 }));
    const format = parquet({
      schema: { name: "string", price: { decimal: [20, 1] }, ratio: "double" },
      rowGroupRows: 2,
    });
    const path = await duck.keep(await bytesOf(format, rows));
    for (const { name, price, ratio } of rows) {
      const where = `name = '${name}' AND price = ${price} AND ratio = '${ratio}'::DOUBLE`;
      expect(
        await duck.rows(`SELECT count(*)::INT AS n FROM read_parquet('${path}') WHERE ${where}`),
      ).toEqual([{ n: 1 }]);
    }
  });

  it("stop being written when the signal is aborted", async () => {
    const stop = new AbortController();
    stop.abort(new Error("lease lost"));
    await expect(
      parquet({ schema: { a: "int32" } }).encodeObject([{ a: 1 }], { signal: stop.signal }),
    ).rejects.toThrow("lease lost");
  });
});
