import { hasLoneSurrogate, invalidOption } from "@kinesis-connectors/core";
import {
  type Column,
  OBJECT_DEPTH,
  type ScalarName,
  type StructType,
  type TimestampUnit,
  type Type,
} from "./types.js";

/**
 * The type of a column, and the values of a row that fit it:
 *
 * | type | takes |
 * | --- | --- |
 * | `boolean` | booleans |
 * | `int32`, `int64` | integers, as number (exact ones only, up to 2^53) or bigint |
 * | `float`, `double` | numbers; bigints and `ExactNumber`s that a double holds exactly |
 * | `string` | strings without lone surrogates, which UTF-8 cannot write |
 * | `bytes` | `Uint8Array` |
 * | `date` | `YYYY-MM-DD`, or a `Date` at midnight UTC |
 * | `timestamp` | `Date`, or ISO 8601 with a zone and up to six digits of a second: microseconds in UTC |
 * | `{ timestamp: "ms" \| "us" \| "ns" }` | the same with up to three, six or nine digits of a second; `ns` from 1677 to 2262. With `truncate: true` further digits are cut off |
 * | `{ timestamp, zone: false }` | ISO 8601 without a zone: what a clock on some wall shows |
 * | `uuid` | the text of a UUID, or its 16 bytes |
 * | `json` | whatever JSON can write, as its text in a string column |
 * | `{ decimal: [precision, scale] }` | numbers, bigints, `ExactNumber`s and strings such as `"12.50"`, with no more digits than the column has: nothing is rounded |
 * | `{ list: type }` | arrays |
 * | `{ map: [key, value] }` | a `Map`, or, where keys are strings, an object |
 * | `{ struct: { name: type } }` | objects |
 *
 * Each of them takes null and undefined too, unless it is wrapped: `{ required: type }`.
 */
export type ColumnType =
  | ScalarName
  | { readonly timestamp: TimestampUnit; readonly truncate?: boolean; readonly zone?: boolean }
  | { readonly decimal: readonly [precision: number, scale: number] }
  | { readonly list: ColumnType }
  | { readonly map: readonly [key: ColumnType, value: ColumnType] }
  | { readonly struct: ParquetSchema }
  | { readonly required: ColumnType };

/** Columns by name, in the order of the file. */
export type ParquetSchema = { readonly [name: string]: ColumnType };

const SCALARS: ReadonlySet<string> = new Set<ScalarName>([
  "boolean",
  "int32",
  "int64",
  "float",
  "double",
  "string",
  "bytes",
  "date",
  "timestamp",
  "uuid",
  "json",
]);

/**
 * Checks a declared schema.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the column
 */
export function schemaFrom(schema: ParquetSchema, option: string = "schema"): StructType {
  return structFrom(schema, option, 1);
}

function structFrom(schema: unknown, path: string, depth: number): StructType {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    throw invalidOption(`${path} must be an object of columns`);
  const fields = new Map<string, Column>();
  for (const [name, type] of Object.entries(schema)) {
    if (name === "") throw invalidOption(`${path} has a column without a name`);
    if (hasLoneSurrogate(name))
      throw invalidOption(`${path} has a column with half a surrogate pair in its name, which UTF-8 has not`);
    const twin = twinOf(fields, name);
    if (twin !== undefined)
      throw invalidOption(
        `${path} has the columns ${twin} and ${name}, which Athena, Redshift and DuckDB take for one`,
      );
    fields.set(name, columnFrom(type, `${path}.${name}`, depth));
  }
  if (fields.size === 0) throw invalidOption(`${path} must have at least one column`);
  return { kind: "struct", fields };
}

function columnFrom(type: unknown, path: string, depth: number): Column {
  if (isOnly(type, "required")) {
    const { type: inner, required } = columnFrom(type.required, path, depth);
    if (required) throw invalidOption(`${path} says required twice`);
    return { type: inner, required: true };
  }
  return { type: typeFrom(type, path, depth), required: false };
}

function typeFrom(type: unknown, path: string, depth: number): Type {
  if (depth > OBJECT_DEPTH) throw invalidOption(`${path} is nested deeper than ${OBJECT_DEPTH} levels`);
  if (isScalar(type)) return { kind: "scalar", name: type };
  if (isOnly(type, "list")) return { kind: "list", element: columnFrom(type.list, `${path}[]`, depth + 1) };
  if (isOnly(type, "struct")) return structFrom(type.struct, path, depth + 1);
  if (isOnly(type, "map")) return mapFrom(type.map, path, depth + 1);
  if (typeof type === "object" && type !== null && "timestamp" in type) return timestampFrom(type, path);
  if (isOnly(type, "decimal")) {
    const [precision, scale, ...more]: unknown[] = Array.isArray(type.decimal) ? type.decimal : [];
    if (!isWhole(precision, 1, 38) || !isWhole(scale, 0, precision) || more.length > 0)
      throw invalidOption(`${path} must be { decimal: [precision 1 to 38, scale 0 to precision] }`);
    return { kind: "decimal", precision, scale };
  }
  throw invalidOption(
    `${path} must be one of ${[...SCALARS].join(", ")}, { timestamp }, { decimal }, { list }, { map }, { struct } or { required }`,
  );
}

function timestampFrom({ timestamp, ...more }: { readonly timestamp: unknown }, path: string): Type {
  const {
    truncate = false,
    zone = true,
    ...others
  }: { readonly truncate?: unknown; readonly zone?: unknown } = more;
  if (
    (timestamp !== "ms" && timestamp !== "us" && timestamp !== "ns") ||
    typeof truncate !== "boolean" ||
    typeof zone !== "boolean" ||
    Object.keys(others).length > 0
  )
    throw invalidOption(
      `${path} must be { timestamp: "ms", "us" or "ns", truncate?: true or false, zone?: true or false }`,
    );
  return { kind: "timestamp", unit: timestamp, truncates: truncate, ...(zone ? {} : { isLocal: true }) };
}

function mapFrom(map: unknown, path: string, depth: number): Type {
  const [key, value, ...more]: unknown[] = Array.isArray(map) ? map : [];
  if (key === undefined || value === undefined || more.length > 0)
    throw invalidOption(`${path} must be { map: [type of keys, type of values] }`);
  const keys = columnFrom(key, `${path} keys`, depth);
  const { kind } = keys.type;
  if (kind === "list" || kind === "map" || kind === "struct")
    throw invalidOption(`${path} keys must be of a type without parts`);
  return {
    kind: "map",
    key: { ...keys, required: true },
    value: columnFrom(value, `${path} values`, depth),
  };
}

/** A column whose name differs from this one by case only: readers that know no case (Athena, Redshift, DuckDB) read neither then, or one of them. */
export function twinOf(fields: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const lower = name.toLowerCase();
  for (const other of fields.keys()) if (other.toLowerCase() === lower) return other;
  return undefined;
}

function isScalar(type: unknown): type is ScalarName {
  return typeof type === "string" && SCALARS.has(type);
}

function isOnly<Key extends string>(type: unknown, key: Key): type is Readonly<Record<Key, unknown>> {
  return typeof type === "object" && type !== null && key in type && Object.keys(type).length === 1;
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}
