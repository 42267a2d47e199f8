import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { type ColumnType, parquet } from "@kinesis-connectors/parquet";
import { bytesOf, Duck } from "./support.js";

let duck: Duck;
beforeAll(async () => {
  duck = await Duck.start();
});
afterAll(async () => {
  await duck[Symbol.asyncDispose]();
});

/** A type, values of it, and what DuckDB's JSON must say of one of them. */
interface Column {
  readonly type: ColumnType;
  readonly value: fc.Arbitrary<unknown>;
  readonly seen: (value: unknown) => unknown;
}

const same = (value: unknown): unknown => value;

const SCALARS: readonly Column[] = [
  { type: "boolean", value: fc.boolean(), seen: same },
  { type: "int32", value: fc.integer(), seen: same },
  { type: "int64", value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), seen: String },
  { type: "double", value: fc.double({ noNaN: true, noDefaultInfinity: true }), seen: same },
  { type: "string", value: fc.string({ unit: "binary" }), seen: same },
  {
    type: "date",
    value: fc.integer({ min: -100_000, max: 100_000 }).map((day) => new Date(day * 86_400_000)),
    seen: (value) => (value as Date).toISOString().slice(0, 10),
  },
  {
    type: "json",
    value: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }),
    seen: (value) => JSON.stringify(value),
  },
  ...[9, 18, 38].map((precision): Column => {
    const limit = 10n ** BigInt(precision) - 1n;
    return {
      type: { decimal: [precision, 3] },
      value: fc.bigInt({ min: -limit, max: limit }).map(thousandths),
      seen: same,
    };
  }),
];

function thousandths(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(4, "0");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

const orNull = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.option(value, { nil: null, freq: 4 });

function listOf({ type, value, seen }: Column): Column {
  return {
    type: { list: type },
    value: fc.array(orNull(value), { maxLength: 4 }),
    seen: (list) => (list as unknown[]).map((item) => (item === null ? null : seen(item))),
  };
}

function structOf(columns: readonly Column[]): Column {
  const name = (nth: number): string => `f${nth}`;
  return {
    type: { struct: Object.fromEntries(columns.map(({ type }, nth) => [name(nth), type])) },
    value: fc.record(Object.fromEntries(columns.map(({ value }, nth) => [name(nth), orNull(value)])), {
      requiredKeys: [],
    }),
    seen: (fields) =>
      Object.fromEntries(
        columns.map(({ seen }, nth) => {
          const found = (fields as Record<string, unknown>)[name(nth)] ?? null;
          return [name(nth), found === null ? null : seen(found)];
        }),
      ),
  };
}

const column: fc.Arbitrary<Column> = fc.letrec<{ column: Column }>((tie) => ({
  column: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom(...SCALARS),
    tie("column").map(listOf),
    fc.array(tie("column"), { minLength: 1, maxLength: 3 }).map(structOf),
  ),
})).column;

describe("files of any schema", () => {
  it("are read back by DuckDB as they were written", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(column, { minLength: 1, maxLength: 4 })
          .map(structOf)
          .chain((row) => fc.tuple(fc.constant(row), fc.array(row.value, { minLength: 1, maxLength: 30 }))),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom("none", "snappy", "gzip"),
        async ([row, rows], rowGroupRows, compression) => {
          if (typeof row.type !== "object" || !("struct" in row.type)) throw new Error("a row is a struct");
          const format = parquet<object>({ schema: row.type.struct, rowGroupRows, compression });
          const found = await duck.read(await bytesOf(format, rows as object[]));
          expect(found).toEqual(rows.map(row.seen));
        },
      ),
      { numRuns: 150 },
    );
  });

  it("are inferred from any JSON without losing a value", async () => {
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, depthSize: "small" },
        fc.constant(null),
        fc.record({ a: tie("value"), b: fc.string({ unit: "binary" }) }, { requiredKeys: [] }),
        fc.array(
          fc.record(
            { x: fc.integer(), y: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })) },
            { requiredKeys: [] },
          ),
        ),
      ),
    })).value;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: fc.integer(), value: json }), { minLength: 1, maxLength: 20 }),
        async (rows) => {
          const format = parquet<object>({ infer: true });
          const groups = new Map<string, object[]>();
          let refused = 0;
          for (const row of rows) {
            const group = groupOrRefused(() => format.groupOf?.(row));
            if (group === undefined) refused += 1;
            else groups.set(group, [...(groups.get(group) ?? []), row]);
          }
          let count = 0;
          for (const members of groups.values()) {
            const found = await duck.read(await bytesOf(format, members));
            count += found.length;
            expect(found.map(withoutNulls)).toEqual(members.map(withoutNulls));
          }
          expect(count + refused).toBe(rows.length);
        },
      ),
      { numRuns: 150 },
    );
  });
});

function groupOrRefused(take: () => string | undefined): string | undefined {
  try {
    return take();
  } catch (error) {
    if (!hasCode(error, "KC_RECORD_POISON")) throw error;
    return undefined;
  }
}

/** What a reader sees of integers (as text), absent fields (as nulls) and empty objects (as text), brought to one form. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value === "number") return String(value + 0);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== null)
    .map(([name, field]) => [name, withoutNulls(field)]);
  return fields.length === 0 ? "{}" : Object.fromEntries(fields);
}
