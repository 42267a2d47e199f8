import type { QueryResult } from "../databases/database.js";

/** A value of a result as the API types it: one member is set. */
export type Field = Readonly<Record<string, unknown>>;

/** PostgreSQL's type ids (pg_type.dat), by Redshift's names for them. */
const typeNames: Readonly<Record<number, string>> = {
  16: "bool",
  17: "varbyte",
  18: "char",
  19: "name",
  20: "int8",
  21: "int2",
  23: "int4",
  25: "text",
  26: "oid",
  700: "float4",
  701: "float8",
  705: "unknown",
  1042: "bpchar",
  1043: "varchar",
  1082: "date",
  1083: "time",
  1114: "timestamp",
  1184: "timestamptz",
  1266: "timetz",
  1700: "numeric",
  3802: "super",
};

/** Integers become longValue, floats doubleValue, booleans booleanValue; the rest, decimals too, are text. */
export function fieldOf(value: string | null, typeId: number): Field {
  if (value === null) return { isNull: true };
  switch (typeNames[typeId]) {
    case "int2":
    case "int4":
    case "int8":
    case "oid":
      return { longValue: Number(value) };
    case "float4":
    case "float8": {
      const number = Number(value);
      // JSON has no word for these; the protocol writes them as text.
      return { doubleValue: Number.isFinite(number) ? number : value };
    }
    case "bool":
      return { booleanValue: value === "t" };
    default:
      return { stringValue: value };
  }
}

/** `ColumnMetadata` of a result. */
export function columnMetadata({ columns }: QueryResult): readonly Readonly<Record<string, unknown>>[] {
  return columns.map(({ name, typeId }) => {
    const typeName = typeNames[typeId] ?? "varchar";
    const isNumber = /^(?:int|float|numeric)/.test(typeName);
    return {
      name,
      label: name,
      typeName,
      nullable: 1,
      precision: 0,
      scale: 0,
      length: 0,
      isSigned: isNumber,
      isCurrency: false,
      isCaseSensitive: !isNumber && typeName !== "bool",
      schemaName: "",
      tableName: "",
    };
  });
}

/** Bytes of a result's values. */
export function resultBytes({ rows }: QueryResult): number {
  let bytes = 0;
  for (const row of rows) for (const value of row) bytes += value === null ? 0 : Buffer.byteLength(value);
  return bytes;
}

/** Where the page ends that starts at a row: by count of rows and by bytes, one row at least. */
export function pageEnd({ rows }: QueryResult, start: number, maxRows: number, maxBytes: number): number {
  let bytes = 0;
  for (let index = start; index < rows.length; index += 1) {
    for (const value of rows[index] ?? []) bytes += value === null ? 8 : Buffer.byteLength(value) + 24;
    if (index > start && (index - start >= maxRows || bytes > maxBytes)) return index;
  }
  return rows.length;
}
