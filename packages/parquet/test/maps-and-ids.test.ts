import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { parquet, type ParquetSchema } from "../src/index.js";
import { schemaFrom, tableFileWriter } from "../src/tables.js";

const { signal } = new AbortController();

async function encoded(schema: ParquetSchema, rows: readonly object[]) {
  const { encodeObject } = parquet<object>({ schema });
  const object = await encodeObject?.(rows, { signal });
  const { bytes } = object ?? {};
  if (bytes === undefined) return object;
  const file = new ArrayBuffer(bytes.length);
  new Uint8Array(file).set(bytes);
  return { rows: await parquetReadObjects({ file }), metadata: parquetMetadata(file) };
}

describe("maps, UUIDs and times without a zone", () => {
  it("are read back as they were written", async () => {
    const written = await encoded(
      {
        id: "uuid",
        wall: { timestamp: "us", zone: false },
        counts: { map: ["string", { list: "int32" }] },
        byDay: { map: ["date", "string"] },
      },
      [
        {
          id: "F79C3E09-677C-4BBD-A479-3F349CB785E7",
          wall: "2026-11-29 12:00:00.5",
          counts: { a: [1, 2], b: null },
          byDay: new Map([["2026-11-29", "x"]]),
        },
        { id: new Uint8Array(16), counts: {} },
      ],
    );
    expect(written).toMatchObject({
      rows: [
        {
          id: "f79c3e09-677c-4bbd-a479-3f349cb785e7",
          wall: new Date("2026-11-29T12:00:00.500Z"),
          counts: { a: [1, 2], b: null },
        },
        { id: "00000000-0000-0000-0000-000000000000", counts: {} },
      ],
    });
  });

  it.each<[string, ParquetSchema, object, string]>([
    [
      "a text that is no UUID",
      { id: "uuid" },
      { id: "f79c3e09677c4bbda4793f349cb785e7" },
      "row.id takes uuid",
    ],
    ["bytes of another length", { id: "uuid" }, { id: new Uint8Array(15) }, "row.id takes uuid"],
    [
      "a moment with a zone",
      { at: { timestamp: "us", zone: false } },
      { at: "2026-11-29T12:00:00Z" },
      "row.at takes times without a zone",
    ],
    [
      "a Date",
      { at: { timestamp: "us", zone: false } },
      { at: new Date() },
      "row.at takes times without a zone",
    ],
    ["a list", { m: { map: ["string", "string"] } }, { m: [] }, "row.m takes maps"],
    [
      "a key of another type",
      { m: { map: ["int32", "string"] } },
      { m: { a: "x" } },
      "row.m keys takes int32",
    ],
    [
      "a value of another type",
      { m: { map: ["string", "int32"] } },
      { m: { a: "x" } },
      "row.m values takes int32",
    ],
    [
      "no value where it is required",
      { m: { map: ["string", { required: "int32" }] } },
      { m: { a: null } },
      "row.m values is required",
    ],
  ])("refuse %s", async (_what, schema, row, reason) => {
    expect(await encoded(schema, [row])).toMatchObject({
      refused: [{ index: 0, error: { code: "KC_RECORD_POISON", message: expect.stringContaining(reason) } }],
    });
  });

  it.each<[object, string]>([
    [{ m: { map: ["string"] } }, "schema.m must be { map: [type of keys, type of values] }"],
    [{ m: { map: [{ list: "string" }, "string"] } }, "schema.m keys must be of a type without parts"],
    [{ m: { timestamp: "us", zone: "utc" } }, "zone?: true or false"],
  ])("refuse the schema %j", (schema, message) => {
    expect(() => parquet({ schema: schema as ParquetSchema })).toThrow(message);
  });
});

it("a zero keeps its sign beside the other one, in lists and maps too", async () => {
  const zeros = [0, -0, 0, 0, -0, 0, 0, 0, 0, -0];
  const schema = {
    x: "double",
    f: "float",
    l: { list: "double" },
    m: { map: ["string", "double"] },
  } as const;
  const written = await encoded(
    schema,
    zeros.map((zero) => ({ x: zero, f: zero, l: [zero], m: { a: zero } })),
  );
  expect(written).toMatchObject({
    rows: zeros.map((zero) => ({ x: zero, f: zero, l: [zero], m: { a: zero } })),
  });
});

describe("statistics of table files", () => {
  it("cover all row groups, and have no bounds where one holds NaN", async () => {
    const { fields } = schemaFrom({ n: "int64", x: "double", s: "string" });
    const columns = {
      kind: "struct",
      fields: new Map([...fields].map(([name, column], nth) => [name, { ...column, id: nth + 1 }])),
    } as const;
    const write = tableFileWriter({ compression: "none", rowGroupRows: 2, ignoreUnknown: false });
    const rows = [
      { n: 5, x: 1, s: "\u{1f600}" },
      { n: -3, x: Number.NaN, s: "\uffff" },
      { n: null, x: 7, s: "a" },
    ];
    const file = await write(columns, rows, signal);
    if ("refused" in file) throw new Error("refused");
    expect(file.rowCount).toBe(3);
    expect(file.splitOffsets).toHaveLength(2);
    expect(
      file.leaves.map(({ id, valueCount, nullCount, nanCount, least, greatest }) => [
        id,
        valueCount,
        nullCount,
        nanCount,
        least,
        greatest,
      ]),
    ).toEqual([
      [1, 3, 1, 0, -3n, 5n],
      [2, 3, 0, 1, undefined, undefined],
      // In the order of UTF-8, where UTF-16 has the other one.
      [3, 3, 0, 0, "a", "\u{1f600}"],
    ]);
  });
});
