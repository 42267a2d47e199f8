import type { IcebergFileOptions } from "@kinesis-connectors/iceberg";
import type { Plain } from "./oracle.js";
import { cell, type Cell, type Cells, type Question } from "./values.js";

/** Columns of every type. */
export const COLUMNS: IcebergFileOptions["columns"] = {
  id: { required: "int64" },
  small: "int32",
  big: "int64",
  single: "float",
  real: "double",
  flag: "boolean",
  price: { decimal: [9, 2] },
  amount: { decimal: [18, 4] },
  huge: { decimal: [38, 10] },
  name: "string",
  moment: "timestamp",
  wall: { timestamp: "us", zone: false },
  day: "date",
  key: "uuid",
  blob: "bytes",
  payload: { struct: { score: "double", inner: { struct: { at: "timestamp", note: "string" } } } },
  tags: { list: "string" },
  lines: { list: { struct: { sku: { required: "string" }, quantity: "int32" } } },
  counters: { map: ["string", "int64"] },
};

/** One row: its scalar columns as cells, and all of it as it is emitted and as oracles tell it. */
export interface EverythingRow {
  readonly cells: Cells;
  readonly row: Readonly<Record<string, unknown>>;
  readonly plain: Plain;
}

/** Rows of a batch share a range of values, so that statistics tell files apart. */
export const ROWS_PER_BATCH = 100;
export const BATCHES = 6;

/** Longer than the 16 characters that bounds keep; characters of one to four bytes, and one that nothing comes after. */
const LONG_TEXTS = [
  "a".repeat(40),
  "ä".repeat(40),
  "水".repeat(40),
  "🦆".repeat(40),
  "\u{10FFFF}".repeat(40),
];

/** The row of a number from 0. Of the batches one has nothing but nulls, one nothing but NaN, one zeros of both signs. */
export function rowOf(id: number): EverythingRow {
  const batch = Math.floor(id / ROWS_PER_BATCH);
  const nth = id % ROWS_PER_BATCH;
  const isNull = batch === 2 || nth % 10 === 3;
  const or = (value: () => Cell): Cell | null => (isNull ? null : value());
  // Far apart from batch to batch, on both sides of zero.
  const base = BigInt(batch - 2) * 1_000_000n + BigInt(nth);
  const moment = base * 600_000_000n + (base < 0n ? -1n : 1n);
  const cells: Cells = {
    id: cell.long(BigInt(id)),
    small: or(() => cell.int(Number(base))),
    big: or(() => cell.long(base * 2_000_000_000_001n + 1n)),
    single: or(() => cell.float(batch === 4 ? Number.NaN : Number(base) / 4)),
    real: or(() => cell.double(realOf(batch, nth, Number(base)))),
    flag: or(() => cell.boolean(batch < 3)),
    price: or(() => cell.decimal(decimalOf(base, 2))),
    amount: or(() => cell.decimal(decimalOf(base * 123_456n, 4))),
    huge: or(() => cell.decimal(decimalOf(base * 123_456_789_012_345_678_901n, 10))),
    name: or(() => cell.string(`${LONG_TEXTS[batch] ?? "z"}${nth}`)),
    moment: or(() => cell.timestamptz(moment)),
    wall: or(() => cell.timestamp(moment)),
    day: or(() => cell.date(Number(base) % 100_000)),
    key: or(() =>
      cell.uuid(`${(batch * 3).toString(16)}0000000-0000-4000-8000-${String(nth).padStart(12, "0")}`),
    ),
    blob: or(() => cell.binary(Buffer.alloc(20, batch === 5 ? 0xff : batch * 40).fill(nth, 19))),
    "payload.score": or(() => cell.double(Number(base) + 0.5)),
    "payload.inner.note": nth % 7 === 0 || isNull ? null : cell.string(`note ${batch} ${nth}`),
  };
  const top = Object.entries(cells).filter(([name]) => !name.includes("."));
  const inner = cells["payload.inner.note"] ?? null;
  const score = cells["payload.score"] ?? null;
  // The list of a row is null, empty, or has nulls in it; a map has none, one or two keys.
  const tags = nth % 4 === 0 ? null : nth % 4 === 1 ? [] : [`t${nth}`, null];
  const lines =
    nth % 5 === 0
      ? null
      : Array.from({ length: nth % 3 }, (_, at) => ({ sku: `s${at}`, quantity: at === 1 ? null : nth }));
  const counters =
    nth % 6 === 0
      ? null
      : Object.fromEntries(Array.from({ length: nth % 3 }, (_, at) => [`k${at}`, base + BigInt(at)]));
  const row = {
    ...Object.fromEntries(top.map(([name, one]) => [name, one?.row ?? null])),
    payload: isNull
      ? null
      : { score: score?.row, inner: { at: cells["moment"]?.row, note: inner?.row ?? null } },
    tags,
    lines,
    counters,
  };
  const plain: Plain = {
    ...Object.fromEntries(top.map(([name, one]) => [name, one?.plain ?? null])),
    payload: isNull
      ? null
      : {
          score: score?.plain ?? null,
          inner: { at: cells["moment"]?.plain ?? null, note: inner?.plain ?? null },
        },
    tags,
    lines:
      lines?.map(({ sku, quantity }) => ({ sku, quantity: quantity === null ? null : String(quantity) })) ??
      null,
    counters:
      counters === null
        ? null
        : Object.fromEntries(Object.entries(counters).map(([key, value]) => [key, String(value)])),
  };
  return { cells, row, plain };
}

function realOf(batch: number, nth: number, value: number): number {
  if (batch === 1) return nth % 2 === 0 ? -0 : 0;
  if (batch === 3 && nth % 5 === 0)
    return nth % 2 === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return batch === 4 || nth % 9 === 0 ? Number.NaN : value * 1.1;
}

function decimalOf(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Rows whose values questions are asked about: the ends and the middle of the batches. */
const ASKED = [0, 99, 150, 350, 599];

/** Whether a column's readers agree on NaN and on zeros: where they do not, questions leave these out. */
const REALS = new Set(["single", "real", "payload.score"]);

/** Filters on each scalar column: equality and order at values that are there, nulls, NaN, and beginnings of texts. */
export function everyFilter(): readonly Question[] {
  const filters: Question[] = [];
  for (const column of Object.keys(rowOf(0).cells)) {
    filters.push({ type: "is-null", term: column }, { type: "not-null", term: column });
    if (REALS.has(column)) filters.push({ type: "is-nan", term: column }, { type: "not-nan", term: column });
    for (const id of ASKED) {
      const value = rowOf(id).cells[column];
      if (value === null || value === undefined || value.rank === 0) continue;
      // JSON has neither NaN nor infinities.
      if (typeof value.rank === "number" && !Number.isFinite(value.rank)) continue;
      for (const type of ["eq", "lt", "lt-eq", "gt", "gt-eq"] as const) {
        if (column === "flag" && type !== "eq") continue;
        const asked: Question = { type, term: column, value };
        // Whether NaN is above all numbers or no number at all is told differently by different readers.
        filters.push(
          REALS.has(column) ? { type: "and", left: asked, right: { type: "not-nan", term: column } } : asked,
        );
      }
    }
  }
  for (const text of [...LONG_TEXTS, "b", "水水", "note 3"])
    filters.push(
      { type: "starts-with", term: "name", value: cell.string(text) },
      { type: "starts-with", term: "payload.inner.note", value: cell.string(text) },
      { type: "eq", term: "name", value: cell.string(text) },
    );
  filters.push({ type: "in", term: "small", values: [-2_000_000, 7, 3_000_042].map(cell.int) });
  return filters;
}
