import { ExactNumber } from "@kinesis-connectors/core";
import type { Filter, FilterValue, Plain } from "./oracle.js";

/** A value of a column in the three forms that are needed of it. */
export interface Cell {
  /** As a row of the pipeline has it. */
  readonly row: unknown;
  /** As a filter has it (Iceberg table spec, appendix D, "JSON single-value serialization"). */
  readonly filter: FilterValue;
  /** As all oracles tell it. */
  readonly plain: Plain;
  /** By what two of a column are compared. */
  readonly rank: number | bigint | string;
}

const MICROS_PER_DAY = 86_400_000_000n;

/** A whole number, a fraction or a text as a cell of a kind. */
export const cell = {
  boolean: (value: boolean): Cell => ({
    row: value,
    filter: value,
    plain: String(value),
    rank: Number(value),
  }),
  int: (value: number): Cell => ({ row: value, filter: value, plain: String(value), rank: value }),
  long: (value: bigint): Cell => ({ row: value, filter: value, plain: String(value), rank: value }),
  float: (value: number): Cell => real(Math.fround(value)),
  double: (value: number): Cell => real(value),
  decimal: (text: string): Cell => ({
    row: text,
    filter: text,
    plain: text,
    rank: BigInt(text.replace(".", "")),
  }),
  // In the order of code points, which is that of UTF-8.
  string: (text: string): Cell => ({
    row: text,
    filter: text,
    plain: text,
    rank: Buffer.from(text).toString("hex"),
  }),
  timestamptz: (micros: bigint): Cell => {
    const text = `${isoOf(micros)}+00:00`;
    return { row: text, filter: text, plain: String(micros), rank: micros };
  },
  timestamp: (micros: bigint): Cell => {
    const text = isoOf(micros);
    return { row: text, filter: text, plain: String(micros), rank: micros };
  },
  date: (days: number): Cell => {
    const text = isoOf(BigInt(days) * MICROS_PER_DAY).slice(0, 10);
    return { row: text, filter: text, plain: String(days), rank: days };
  },
  uuid: (text: string): Cell => ({ row: text, filter: text, plain: text, rank: text }),
  binary: (bytes: Uint8Array): Cell => {
    const hex = Buffer.from(bytes).toString("hex");
    return { row: bytes, filter: hex.toUpperCase(), plain: hex, rank: hex };
  },
} as const;

function real(value: number): Cell {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  // Iceberg's Java takes a number without a point for an integer.
  const text = Number.isInteger(value) ? value.toFixed(1) : String(value);
  const filter = Number.isFinite(value) ? new ExactNumber(text) : value;
  return { row: value, filter, plain: bytes.toString("hex"), rank: value };
}

function isoOf(micros: bigint): string {
  const millis = micros / 1_000n - (micros % 1_000n < 0n ? 1n : 0n);
  const rest = micros - millis * 1_000n;
  return `${new Date(Number(millis)).toISOString().slice(0, -1)}${String(rest).padStart(3, "0")}`;
}

/** A row by its columns; null for what is not there. */
export type Cells = Readonly<Record<string, Cell | null>>;

type Comparison = "eq" | "lt" | "lt-eq" | "gt" | "gt-eq";

/** A filter with the values that it compares with as cells. */
export type Question =
  | { readonly type: Comparison | "starts-with"; readonly term: string; readonly value: Cell }
  | { readonly type: "in"; readonly term: string; readonly values: readonly Cell[] }
  | { readonly type: "is-null" | "not-null" | "is-nan" | "not-nan"; readonly term: string }
  | { readonly type: "and"; readonly left: Question; readonly right: Question };

/** Whether a row fits a question, by the rules of SQL: what is null fits none but `is-null`. */
export function fits(row: Cells, filter: Question): boolean {
  if (filter.type === "and") return fits(row, filter.left) && fits(row, filter.right);
  const value = row[filter.term] ?? null;
  if (filter.type === "is-null") return value === null;
  if (value === null) return false;
  if ("values" in filter) return filter.values.some((one) => value.rank === one.rank);
  if ("value" in filter)
    return filter.type === "starts-with"
      ? String(value.row).startsWith(String(filter.value.row))
      : compares(value, filter.type, filter.value);
  return filter.type === "not-null" || Number.isNaN(value.rank) === (filter.type === "is-nan");
}

function compares({ rank }: Cell, type: Comparison, { rank: than }: Cell): boolean {
  if (type === "eq") return rank === than;
  if (type === "lt") return rank < than;
  if (type === "lt-eq") return rank <= than;
  return type === "gt" ? rank > than : rank >= than;
}

/** A question as oracles are asked it. */
export function asFilter(question: Question): Filter {
  if (question.type === "and")
    return { type: "and", left: asFilter(question.left), right: asFilter(question.right) };
  if ("values" in question) return { ...question, values: question.values.map(({ filter }) => filter) };
  return "value" in question ? { ...question, value: question.value.filter } : question;
}
