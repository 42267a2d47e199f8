import { ExactNumber, hasLoneSurrogate } from "@kinesis-connectors/core";
import { converterOf, Misfit } from "../columns/convert.js";
import { twinOf } from "../columns/schema.js";
import {
  type Column,
  isFields,
  OBJECT_DEPTH,
  type ScalarName,
  type StructType,
  type Type,
} from "../columns/types.js";

/** How a schema may change when a row does not fit it. */
export interface Growth {
  /** Columns may join, always as optional ones. */
  readonly columns: boolean;
  /** Types may widen (int32 to int64 to double, float to double), and a required column may become optional. */
  readonly types: boolean;
  /** So many columns there may be, counted with those inside structs. Field names that are data, such as ids, would make a column each. */
  readonly maxColumns: number;
  /** The column that takes fields for which there can be no column of their own; undefined: they are refused. */
  readonly restColumn: string | undefined;
}

/** The growth of one row. */
interface Growing extends Growth {
  /** Columns that may still join. */
  left: number;
}

const UNKNOWN: Column = { type: { kind: "unknown" }, required: false };

/**
 * The schema that also takes this row: itself if the row fits, a larger one where `growth` allows it, or else what does not fit. Fields that go to the rest
 * fit any schema.
 */
export function grow(schema: StructType, row: unknown, growth: Growth): StructType | Misfit {
  if (!isFields(row)) return new Misfit("row", "must be an object");
  return growFields(schema, row, "row", { ...growth, left: growth.maxColumns - columnsIn(schema) }, 0);
}

function growFields(
  struct: StructType,
  value: Readonly<Record<string, unknown>>,
  path: string,
  growing: Growing,
  depth: number,
): StructType | Misfit {
  let fields: Map<string, Column> | undefined;
  for (const [nth, name] of Object.keys(value).entries()) {
    const item = value[name];
    const known = struct.fields.get(name);
    if (known === undefined) {
      if (item === null || item === undefined) continue;
      const problem = joining(fields ?? struct.fields, name, growing, depth);
      if (problem !== undefined) {
        if (growing.restColumn !== undefined) continue;
        return problem === "unknown"
          ? new Misfit(path, `has no column for field number ${nth + 1} of the record`, true)
          : new Misfit(path, problem);
      }
      growing.left -= 1;
    }
    const grown = growColumn(
      known ?? UNKNOWN,
      item,
      known === undefined ? path : `${path}.${name}`,
      growing,
      depth + 1,
    );
    if (grown instanceof Misfit) return grown;
    if (grown !== known) fields = (fields ?? new Map(struct.fields)).set(name, grown);
  }
  for (const [name, { type, required }] of struct.fields) {
    if (!required || (value[name] !== undefined && value[name] !== null)) continue;
    if (!growing.types) return new Misfit(`${path}.${name}`, "is required, and there is no value");
    fields = (fields ?? new Map(struct.fields)).set(name, { type, required: false });
  }
  return fields === undefined ? struct : { kind: "struct", fields };
}

/** Why a field cannot become a column; undefined where it can. */
function joining(
  fields: ReadonlyMap<string, Column>,
  name: string,
  { columns, left, maxColumns, restColumn }: Growing,
  depth: number,
): string | undefined {
  if (!columns) return "unknown";
  // None that SQL could write, and none that UTF-8 could: two of the latter would become the same column.
  if (name === "") return "has a field with an empty name, of which no column can be made";
  if (hasLoneSurrogate(name))
    return "has a field with half a surrogate pair in its name, of which no column can be made";
  if (left <= 0) return `has more than ${maxColumns} columns together with the rows before it`;
  if (depth === 0 && restColumn !== undefined && name.toLowerCase() === restColumn.toLowerCase())
    return "unknown";
  const twin = twinOf(fields, name);
  return twin === undefined
    ? undefined
    : `has a field whose name differs by case only from the column ${twin}, which Athena, Redshift and DuckDB take for the same`;
}

function growColumn(
  column: Column,
  value: unknown,
  path: string,
  growing: Growing,
  depth: number,
): Column | Misfit {
  if (value === null || value === undefined) {
    if (!column.required) return column;
    return growing.types
      ? { ...column, required: false }
      : new Misfit(path, "is required, and there is no value");
  }
  const type = growType(column.type, value, path, growing, depth);
  if (type instanceof Misfit) return type;
  return type === column.type ? column : { ...column, type };
}

function growType(type: Type, value: unknown, path: string, growing: Growing, depth: number): Type | Misfit {
  if (depth > OBJECT_DEPTH) return new Misfit(path, `is nested deeper than ${OBJECT_DEPTH} levels`);
  switch (type.kind) {
    case "struct":
      return isFields(value)
        ? growFields(type, value, path, growing, depth)
        : new Misfit(path, "takes objects");
    case "list": {
      if (!Array.isArray(value)) return new Misfit(path, "takes lists");
      let { element } = type;
      for (const item of value) {
        const grown = growColumn(element, item, `${path}[]`, growing, depth + 1);
        if (grown instanceof Misfit) return grown;
        element = grown;
      }
      return element === type.element ? type : { kind: "list", element };
    }
    case "unknown":
      return growing.columns ? inferred(value, path, growing, depth) : new Misfit(path, "has no type yet");
    default:
      return widened(type, value, path, growing);
  }
}

const WIDER: Partial<Readonly<Record<ScalarName, readonly ScalarName[]>>> = {
  int32: ["int64", "double"],
  int64: ["double"],
  float: ["double"],
};

function widened(type: Type, value: unknown, path: string, growing: Growing): Type | Misfit {
  const found = converterOf({ type, required: true }, path)(value);
  if (!(found instanceof Misfit)) return type;
  const names = growing.types && type.kind === "scalar" ? (WIDER[type.name] ?? []) : [];
  for (const name of names) {
    const wider: Type = { kind: "scalar", name };
    if (!(converterOf({ type: wider, required: true }, path)(value) instanceof Misfit)) return wider;
  }
  return found;
}

function inferred(value: unknown, path: string, growing: Growing, depth: number): Type | Misfit {
  if (Array.isArray(value)) return growType({ kind: "list", element: UNKNOWN }, value, path, growing, depth);
  if (isFields(value)) return growType({ kind: "struct", fields: new Map() }, value, path, growing, depth);
  const name = scalarOf(value);
  if (name === undefined) return new Misfit(path, "holds something that has no type in Parquet");
  return widened({ kind: "scalar", name }, value, path, growing);
}

function scalarOf(value: unknown): ScalarName | undefined {
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "bigint":
      return "int64";
    case "number":
      return Number.isSafeInteger(value) ? "int64" : "double";
    case "string":
      return "string";
    default:
      // Where a double does not hold it, the message names the type, and the cure is to declare a decimal.
      if (ExactNumber.isInstance(value)) return "double";
      if (value instanceof Date) return "timestamp";
      return value instanceof Uint8Array ? "bytes" : undefined;
  }
}

/** As many as `growFields` counts: one for each named field, at any depth. */
function columnsIn({ fields }: StructType): number {
  let count = 0;
  for (const { type } of fields.values()) count += countOf(type);
  return count;
}

function countOf(type: Type): number {
  if (type.kind === "list") return countOf(type.element.type);
  if (type.kind === "map") return countOf(type.key.type) + countOf(type.value.type);
  return type.kind === "struct" ? 1 + columnsIn(type) : 1;
}
