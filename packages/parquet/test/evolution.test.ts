import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { parquet, type ParquetOptions, type SchemaEvolution } from "@kinesis-connectors/parquet";
import { bytesOf, Duck, NO_STOP } from "./support.js";

let duck: Duck;
beforeAll(async () => {
  duck = await Duck.start();
});
afterAll(async () => {
  await duck[Symbol.asyncDispose]();
});

/** Takes rows in one after the other, as the emitter does: those that go into one object, and those that are refused. */
function taken(
  options: ParquetOptions<object>,
  rows: readonly object[],
): {
  kept: object[];
  refused: { row: object; reason: string }[];
  format: ReturnType<typeof parquet<object>>;
} {
  const format = parquet<object>(options);
  const kept: object[] = [];
  const refused: { row: object; reason: string }[] = [];
  for (const row of rows) {
    try {
      format.check?.(row);
      kept.push(row);
    } catch (error) {
      if (!hasCode(error, "KC_RECORD_POISON")) throw error;
      refused.push({ row, reason: error.message.replace(/^.*columns: /, "") });
    }
  }
  return { kept, refused, format };
}

const SCHEMA = { id: { required: "int32" }, name: "string" } as const;
const PLAIN = { id: 1, name: "a" };
const JOINED = { id: 2, name: "b", country: "AT" };
const WIDER = { id: 2 ** 40, name: "c" };
const ABSENT = { name: "d" };
const OTHER = { id: "5", name: "e" };

describe("schema evolution", () => {
  it("with none refuses every change", async () => {
    const format = parquet<object>({ schema: SCHEMA });
    expect(format.check).toBeUndefined();
    const rows = [PLAIN, JOINED, WIDER, ABSENT, OTHER];
    const { refused } = await format.encodeObject(rows, NO_STOP);
    expect(refused?.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
  });

  it.each<SchemaEvolution>(["forward", "full"])(
    "with %s lets optional columns join, and nothing else",
    (evolution) => {
      const { kept, refused } = taken({ schema: SCHEMA, evolution }, [
        PLAIN,
        JOINED,
        WIDER,
        ABSENT,
        OTHER,
        PLAIN,
      ]);
      expect(kept).toEqual([PLAIN, JOINED, PLAIN]);
      expect(refused).toEqual([
        { row: WIDER, reason: "row.id takes int32" },
        { row: ABSENT, reason: "row.id is required, and there is no value" },
        { row: OTHER, reason: "row.id takes int32" },
      ]);
    },
  );

  it("with backward lets columns join, types widen and required columns stay away", () => {
    const { kept, refused } = taken({ schema: SCHEMA, evolution: "backward" }, [
      PLAIN,
      JOINED,
      WIDER,
      ABSENT,
      OTHER,
      PLAIN,
    ]);
    expect(kept).toEqual([PLAIN, JOINED, WIDER, ABSENT, PLAIN]);
    expect(refused).toEqual([{ row: OTHER, reason: "row.id takes int64" }]);
  });

  it("gives later objects the columns of earlier ones, and all are read together by name", async () => {
    const batches = [
      [{ id: 1, in: { a: 1 } }],
      [{ id: 2, in: { a: 2, b: [{ c: "x" }] } }, { id: 3 }],
      [{ id: 4, more: true }],
    ];
    const format = parquet<object>({ infer: true });
    const paths: string[] = [];
    for (const rows of batches) {
      for (const row of rows) format.check?.(row);
      paths.push(await duck.keep(await bytesOf(format, rows)));
    }
    expect(await duck.types(await bytesOf(format, batches[0] ?? []))).toEqual({
      id: "BIGINT",
      in: "STRUCT(a BIGINT)",
    });
    expect(await duck.types(await bytesOf(format, batches[2] ?? []))).toEqual({
      id: "BIGINT",
      in: "STRUCT(a BIGINT, b STRUCT(c VARCHAR)[])",
      more: "BOOLEAN",
    });
    const list = paths.map((path) => `'${path}'`).join(", ");
    expect(
      await duck.rows(
        `SELECT id::INT AS id, more FROM read_parquet([${list}], union_by_name = true) ORDER BY id`,
      ),
    ).toEqual([
      { id: 1, more: null },
      { id: 2, more: null },
      { id: 3, more: null },
      { id: 4, more: true },
    ]);
  });

  it("leaves out of an object what only rows of later objects have brought", async () => {
    const format = parquet<object>({ infer: true });
    const early = { a: 1 };
    format.check?.(early);
    format.check?.({ a: 1.5, b: "x" });
    expect(await duck.types(await bytesOf(format, [early]))).toEqual({ a: "BIGINT" });
  });

  it("lets another process write rows that this one took in", async () => {
    const options: ParquetOptions<object> = { schema: SCHEMA, evolution: "backward" };
    const { kept } = taken(options, [PLAIN, JOINED, WIDER, ABSENT]);
    expect(kept).toHaveLength(4);
    const found = await duck.read(await bytesOf(parquet<object>(options), kept), "name, country");
    expect(found.map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
    expect(found.map(({ country }) => country)).toEqual([null, "AT", null, null]);
  });

  it("lets a process that knows other columns write them as they were", async () => {
    const format = parquet<object>({ infer: true });
    format.check?.({ a: 1, only: "here" });
    const foreign = [{ a: "x" }, { a: "y", b: 1 }];
    expect(await duck.read(await bytesOf(format, foreign), "a, b::INT AS b")).toEqual([
      { a: "x", b: null },
      { a: "y", b: 1 },
    ]);
    const later = { a: 2 };
    format.check?.(later);
    expect(await duck.types(await bytesOf(format, [later]))).toEqual({ a: "BIGINT", only: "VARCHAR" });
  });

  it("starts from sample rows, and keeps to them with none", async () => {
    const format = parquet<object>({ infer: [{ id: 1, tags: ["x"] }, { id: 1.5 }], evolution: "none" });
    expect(await duck.types(await bytesOf(format, [{ id: 7 }]))).toEqual({ id: "DOUBLE", tags: "VARCHAR[]" });
    const { refused } = await format.encodeObject([{ id: 7, more: 1 }, { id: "7" }], NO_STOP);
    expect(refused?.map(({ index }) => index)).toEqual([0, 1]);
  });

  it("infers lists and objects of which nothing is known yet, and learns later", async () => {
    const early = { list: [], object: {}, nothing: null };
    const late = { list: [{ a: 1 }], object: { b: 2n }, nothing: new Date(0) };
    const { kept, format } = taken({ infer: true }, [early, late]);
    expect(
      await duck.rows(
        `SELECT count(*)::INT AS n FROM read_parquet('${await duck.keep(await bytesOf(format, kept))}')`,
      ),
    ).toEqual([{ n: 2 }]);
    expect(await duck.read(await bytesOf(format, [early]))).toEqual([{ list: [], object: "{}" }]);
    expect(await duck.types(await bytesOf(format, [late]))).toEqual({
      list: "STRUCT(a BIGINT)[]",
      object: "STRUCT(b BIGINT)",
      nothing: "TIMESTAMP WITH TIME ZONE",
    });
  });

  it("refuses rows of nothing, a flood of columns and brackets without end", async () => {
    const flood = Object.fromEntries(Array.from({ length: 1001 }, (_, nth) => [`key-${nth}`, nth]));
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level += 1) deep = [deep];
    const { refused, format } = taken({ infer: true }, [flood, { deep }]);
    expect(refused.map(({ reason }) => reason)).toEqual([
      "row has more than 1000 columns together with the rows before it",
      expect.stringMatching(/^row(\[\])+ is nested deeper than 32 levels$/),
    ]);
    expect((await format.encodeObject([{}, { a: null }], NO_STOP)).refused).toHaveLength(2);
  });

  it("sends what has no type to the dead letters", () => {
    const odd = [
      { a: () => 1 },
      { a: Symbol("x") },
      { a: 2n ** 70n },
      { "": 1 },
      { a: new Map() },
      { a: "\ud800" },
    ];
    expect(taken({ infer: true }, odd).refused).toHaveLength(odd.length - 1);
    // As a double a power of two is exact.
    expect(taken({ infer: true }, odd).kept).toEqual([{ a: 2n ** 70n }]);
  });
});

describe("options", () => {
  it.each<[string, unknown]>([
    ["either schema or infer", {}],
    ["either schema or infer", { schema: { a: "int32" }, infer: true }],
    ["at least one column", { schema: {} }],
    ["schema.a must be one of boolean", { schema: { a: "text" } }],
    [
      "schema.a.b\\[\\] must be { decimal",
      { schema: { a: { struct: { b: { list: { decimal: [39, 0] } } } } } },
    ],
    ["schema.a must be { decimal", { schema: { a: { decimal: [4, 5] } } }],
    ["schema.a says required twice", { schema: { a: { required: { required: "int32" } } } }],
    ["without a name", { schema: { "": "int32" } }],
    ["infer: true needs an evolution", { infer: true, evolution: "none" }],
    ["rows to start with", { infer: [] }],
    ["infer: row 2 does not fit those before it: row.a takes int64", { infer: [{ a: 1 }, { a: "x" }] }],
    ["contradicts evolution", { schema: { a: "int32" }, unknownFields: "ignore", evolution: "full" }],
    ["unknownFields must be", { schema: { a: "int32" }, unknownFields: "keep" }],
    ["evolution must be", { schema: { a: "int32" }, evolution: "toString" }],
    ["compression must be", { schema: { a: "int32" }, compression: "lzo" }],
    ["schema.a must be { timestamp", { schema: { a: { timestamp: "s" } } }],
    ["schema.a must be { timestamp", { schema: { a: { timestamp: "ns", cut: true } } }],
    ["schema has the columns id and ID", { schema: { id: "int32", ID: "int32" } }],
    ["restColumn has the name of the column a", { schema: { a: "int32" }, restColumn: "A" }],
    ["contradicts restColumn", { schema: { a: "int32" }, restColumn: "rest", unknownFields: "ignore" }],
    ["maxColumns", { infer: true, maxColumns: 0 }],
    ["rowGroupRows", { schema: { a: "int32" }, rowGroupRows: 0 }],
  ])("are refused by name: %s", (message, options) => {
    const call = (): unknown => Reflect.apply(parquet, undefined, [options]);
    expect(call).toThrow(expect.objectContaining({ code: "KC_OPTION_INVALID" }) as Error);
    expect(call).toThrow(new RegExp(message));
  });
});
