import type { IcebergFileOptions, PartitionBy } from "@kinesis-connectors/iceberg";
import { cell, type Cell, type Cells, type Question } from "./values.js";

/** Columns that tables are partitioned by. */
export const PARTITION_COLUMNS: IcebergFileOptions["columns"] = {
  id: { required: "int64" },
  small: "int32",
  big: "int64",
  price: { decimal: [12, 2] },
  name: "string",
  moment: "timestamp",
  wall: { timestamp: "us", zone: false },
  day: "date",
  key: "uuid",
  blob: "bytes",
  flag: "boolean",
};

const HOUR = 3_600_000_000n;

/** The row of a number: values on both sides of zero and of 1970, and nulls. */
export function partitionedRow(id: number): Cells {
  const signed = id - 30;
  const or = (value: Cell): Cell | null => (id % 11 === 5 ? null : value);
  const micros = BigInt(signed) * 400n * HOUR + (signed < 0 ? -1n : 1n);
  return {
    id: cell.long(BigInt(id)),
    small: or(cell.int(signed * 3)),
    big: or(cell.long(BigInt(signed) * 9_007_199_254_740_993n)),
    price: or(cell.decimal(`${signed < 0 ? "-" : ""}${Math.abs(signed) * 17}.25`)),
    name: or(cell.string(["", "ä/b=c", "水 %", "iceberg", `n${id % 13}`, "🦆🦆🦆🦆"][id % 6] ?? "")),
    moment: or(cell.timestamptz(micros)),
    wall: or(cell.timestamp(micros)),
    day: or(cell.date(signed * 20)),
    key: or(cell.uuid(`f79c3e09-677c-4bbd-a479-${String(id % 9).padStart(12, "0")}`)),
    blob: or(cell.binary(Buffer.from([id % 5, 255, signed & 0xff]))),
    flag: or(cell.boolean(id % 2 === 0)),
  };
}

export const PARTITIONED_ROWS = 60;

/** Every transform with every type that it takes (Iceberg table spec, "Partition Transforms"). */
export const PARTITIONS: readonly PartitionBy[] = [
  ...["small", "big", "price", "name", "moment", "wall", "day", "key", "blob", "flag"].map((column) => ({
    column,
    transform: "identity",
  })),
  ...["moment", "wall"].flatMap((column) =>
    ["year", "month", "day", "hour"].map((transform) => ({ column, transform })),
  ),
  ...["year", "month", "day"].map((transform) => ({ column: "day", transform })),
  ...["small", "big", "price", "name", "moment", "wall", "day", "key", "blob"].map((column) => ({
    column,
    transform: "bucket[4]",
  })),
  { column: "small", transform: "truncate[10]" },
  { column: "big", transform: "truncate[1000]" },
  { column: "price", transform: "truncate[50]" },
  { column: "name", transform: "truncate[2]" },
  { column: "blob", transform: "truncate[2]" },
];

/** Filters on the column of a partition: each value that is there, a few ranges, nulls. */
export function partitionFilters(column: string): readonly Question[] {
  const values = new Map(
    Array.from({ length: PARTITIONED_ROWS }, (_, id) => partitionedRow(id)[column] ?? null)
      .filter((one): one is Cell => one !== null)
      .map((one) => [one.plain, one]),
  );
  const every = [...values.values()].filter((_, nth, { length }) => length < 20 || nth % 3 === 0);
  const some = every.filter((_, nth) => nth % 4 === 2);
  return [
    { type: "is-null", term: column },
    { type: "not-null", term: column },
    ...every.map((value): Question => ({ type: "eq", term: column, value })),
    ...(column === "flag" ? [] : some).flatMap((value) =>
      (["lt", "gt-eq"] as const).map((type): Question => ({ type, term: column, value })),
    ),
  ];
}
