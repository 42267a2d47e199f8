import * as fc from "fast-check";
import { expect, it } from "vitest";
import { compareValues, tableFileWriter } from "@kinesis-connectors/parquet/tables";
import { declaredColumns, fieldsOf } from "../src/columns/declared.js";
import { matchColumns, primitiveTypes } from "../src/columns/table-columns.js";
import { valueOfBytes } from "../src/columns/values.js";
import { metricsOf } from "../src/files/data-file.js";

const COLUMNS = {
  n: "int32",
  long: "int64",
  x: "double",
  f: "float",
  s: "string",
  b: "bytes",
  d: { decimal: [20, 3] },
  t: "timestamp",
  ok: "boolean",
} as const;

const declared = declaredColumns(COLUMNS);
let last = 0;
const schema = { type: "struct", "schema-id": 0, fields: fieldsOf(declared, () => (last += 1)) } as const;
const { columns } = matchColumns(declared, schema);
const types = primitiveTypes(schema);
const write = tableFileWriter({ compression: "none", rowGroupRows: 3, ignoreUnknown: false });
const { signal } = new AbortController();

const maybe = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.option(values, { freq: 4 });

const row = fc.record({
  n: maybe(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  long: maybe(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  x: maybe(fc.double()),
  f: maybe(fc.float()),
  s: maybe(fc.string({ unit: "binary", maxLength: 40 })),
  b: maybe(fc.uint8Array({ maxLength: 40 })),
  d: maybe(fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n })),
  t: maybe(fc.date({ noInvalidDate: true, min: new Date("1600-01-01"), max: new Date("2400-01-01") })),
  ok: maybe(fc.boolean()),
});

/** A value as the table compares it. */
function compared(name: keyof typeof COLUMNS, value: unknown): unknown {
  if (name === "d" && typeof value === "bigint") return value * 1000n;
  if (value instanceof Date) return BigInt(value.getTime()) * 1000n;
  return name === "f" && typeof value === "number" ? Math.fround(value) : value;
}

it("no value of a column lies outside of its bounds, and nulls and NaN are counted", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 10 }), async (rows) => {
      const file = await write(columns, rows, signal);
      if ("refused" in file) throw file.refused[0]?.error ?? new Error("refused");
      const metrics = metricsOf(file.leaves, types);
      expect(metrics).toHaveLength(9);
      for (const { id, values, nulls, nans = 0, lower, upper } of metrics) {
        const name = schema.fields.find((field) => field.id === id)?.name as keyof typeof COLUMNS;
        const all = rows.map((one) => compared(name, one[name]));
        const nansThere = all.filter((value) => Number.isNaN(value)).length;
        const nullsThere = all.filter((value) => value === null).length;
        expect([values, nulls, nans]).toEqual([rows.length, nullsThere, nansThere]);
        const isBare = nansThere > 0 || nullsThere === rows.length;
        expect({ name, bounded: isBare && (lower !== undefined || upper !== undefined) }).toEqual({
          name,
          bounded: false,
        });
        const type = types.get(id) ?? "";
        const bound = (text: string | undefined): unknown =>
          text === undefined ? undefined : valueOfBytes(Buffer.from(text, "base64"), type);
        const [least, greatest] = [bound(lower), bound(upper)];
        const outside = all.filter(
          (value) =>
            value !== null &&
            ((least !== undefined && compareValues(value, least) < 0) ||
              (greatest !== undefined && compareValues(value, greatest) > 0)),
        );
        expect({ name, outside }).toEqual({ name, outside: [] });
      }
    }),
    { numRuns: 60 },
  );
});
