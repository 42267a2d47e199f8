import { converterOf, Misfit } from "./convert.js";
import { type Column, isFields, OBJECT_DEPTH, type ScalarName, type StructType, type Type } from "./types.js";

/** How a schema may change when a row does not fit it. */
export interface Growth {
  /** Columns may join, always as optional ones. */
  readonly columns: boolean;
  /** Types may widen (int32 to int64 to double, float to double), and a required column may become optional. */
  readonly types: boolean;
}

/** So many columns, counted with those inside structs, can be inferred. Field names that are data, such as ids, would make a column each. */
const MAX_COLUMNS = 1000;

const UNKNOWN: Column = { type: { kind: "unknown" }, required: false };

/** The schema that also takes this row: itself if the row fits, a larger one where `growth` allows it, or else what does not fit. */
export function grow(schema: StructType, row: unknown, growth: Growth): StructType | Misfit {
  if (!isFields(row)) return new Misfit("row", "must be an object");
  const grown = growFields(schema, row, "row", growth, 0);
  if (grown instanceof Misfit) return grown;
  return grown !== schema && columnsIn(grown) > MAX_COLUMNS
    ? new Misfit("row", `has more than ${MAX_COLUMNS} columns together with the rows before it`)
    : grown;
}

function growFields(
  struct: StructType,
  value: Readonly<Record<string, unknown>>,
  path: string,
  growth: Growth,
  depth: number,
): StructType | Misfit {
  let fields: Map<string, Column> | undefined;
  for (const [nth, name] of Object.keys(value).entries()) {
    const item = value[name];
    const known = struct.fields.get(name);
    if (known === undefined) {
      if (item === null || item === undefined) continue;
      // An empty name is none that SQL could write.
      if (!growth.columns || name === "")
        return new Misfit(path, `has no column for field number ${nth + 1} of the record`);
    }
    const grown = growColumn(
      known ?? UNKNOWN,
      item,
      known === undefined ? path : `${path}.${name}`,
      growth,
      depth + 1,
    );
    if (grown instanceof Misfit) return grown;
    if (grown !== known) fields = (fields ?? new Map(struct.fields)).set(name, grown);
  }
  for (const [name, { type, required }] of struct.fields) {
    if (!required || (value[name] !== undefined && value[name] !== null)) continue;
    if (!growth.types) return new Misfit(`${path}.${name}`, "is required, and there is no value");
    fields = (fields ?? new Map(struct.fields)).set(name, { type, required: false });
  }
  return fields === undefined ? struct : { kind: "struct", fields };
}

function growColumn(
  column: Column,
  value: unknown,
  path: string,
  growth: Growth,
  depth: number,
): Column | Misfit {
  if (value === null || value === undefined) {
    if (!column.required) return column;
    return growth.types
      ? { ...column, required: false }
      : new Misfit(path, "is required, and there is no value");
  }
  const type = growType(column.type, value, path, growth, depth);
  if (type instanceof Misfit) return type;
  return type === column.type ? column : { ...column, type };
}

function growType(type: Type, value: unknown, path: string, growth: Growth, depth: number): Type | Misfit {
  if (depth > OBJECT_DEPTH) return new Misfit(path, `is nested deeper than ${OBJECT_DEPTH} levels`);
  switch (type.kind) {
    case "struct":
      return isFields(value)
        ? growFields(type, value, path, growth, depth)
        : new Misfit(path, "takes objects");
    case "list": {
      if (!Array.isArray(value)) return new Misfit(path, "takes lists");
      let { element } = type;
      for (const item of value) {
        const grown = growColumn(element, item, `${path}[]`, growth, depth + 1);
        if (grown instanceof Misfit) return grown;
        element = grown;
      }
      return element === type.element ? type : { kind: "list", element };
    }
    case "unknown":
      return growth.columns ? inferred(value, path, growth, depth) : new Misfit(path, "has no type yet");
    default:
      return widened(type, value, path, growth);
  }
}

const WIDER: Partial<Readonly<Record<ScalarName, readonly ScalarName[]>>> = {
  int32: ["int64", "double"],
  int64: ["double"],
  float: ["double"],
};

function widened(type: Type, value: unknown, path: string, growth: Growth): Type | Misfit {
  const found = converterOf({ type, required: true }, path)(value);
  if (!(found instanceof Misfit)) return type;
  const names = growth.types && type.kind === "scalar" ? (WIDER[type.name] ?? []) : [];
  for (const name of names) {
    const wider: Type = { kind: "scalar", name };
    if (!(converterOf({ type: wider, required: true }, path)(value) instanceof Misfit)) return wider;
  }
  return found;
}

function inferred(value: unknown, path: string, growth: Growth, depth: number): Type | Misfit {
  if (Array.isArray(value)) return growType({ kind: "list", element: UNKNOWN }, value, path, growth, depth);
  if (isFields(value)) return growType({ kind: "struct", fields: new Map() }, value, path, growth, depth);
  const name = scalarOf(value);
  if (name === undefined) return new Misfit(path, "holds something that has no type in Parquet");
  return widened({ kind: "scalar", name }, value, path, growth);
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
      if (value instanceof Date) return "timestamp";
      return value instanceof Uint8Array ? "bytes" : undefined;
  }
}

function columnsIn({ fields }: StructType): number {
  let count = 0;
  for (const { type } of fields.values()) count += countOf(type);
  return count;
}

function countOf(type: Type): number {
  if (type.kind === "list") return countOf(type.element.type);
  return type.kind === "struct" ? 1 + columnsIn(type) : 1;
}
