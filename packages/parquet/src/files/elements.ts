import type { SchemaElement } from "hyparquet";
import type { Column, ScalarName, StructType, TimestampUnit, Type } from "../columns/types.js";

/**
 * The schema as the file's footer lists it: depth first, each group with the number of its children. Logical types beside the converted ones of
 * older readers. https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 */
export function elementsOf({ fields }: StructType): SchemaElement[] {
  return [
    { name: "schema", num_children: fields.size },
    ...[...fields].flatMap(([name, column]) => ofColumn(name, column)),
  ];
}

function ofColumn(name: string, { type, required, id }: Column): SchemaElement[] {
  const repetition_type = required ? "REQUIRED" : "OPTIONAL";
  const [first, ...rest] = ofType(name, type);
  if (first === undefined) return [];
  return [{ ...first, repetition_type, ...(id === undefined ? {} : { field_id: id }) }, ...rest];
}

function ofType(name: string, type: Type): SchemaElement[] {
  switch (type.kind) {
    case "scalar":
      return [{ name, ...SCALARS[type.name] }];
    case "timestamp":
      return [{ name, ...(type.isLocal === true ? localTimestamp(type.unit) : TIMESTAMPS[type.unit]) }];
    case "decimal":
      return [decimal(name, type.precision, type.scale)];
    case "list":
      return [
        { name, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
        { name: "list", num_children: 1, repetition_type: "REPEATED" },
        ...ofColumn("element", type.element),
      ];
    case "map":
      return [
        { name, num_children: 1, converted_type: "MAP", logical_type: { type: "MAP" } },
        { name: "key_value", num_children: 2, repetition_type: "REPEATED" },
        ...ofColumn("key", type.key),
        ...ofColumn("value", type.value),
      ];
    case "struct":
      return type.fields.size === 0
        ? [{ name, ...TEXT }]
        : [
            { name, num_children: type.fields.size },
            ...[...type.fields].flatMap(([field, column]) => ofColumn(field, column)),
          ];
    default:
      return [{ name, ...TEXT }];
  }
}

const TEXT: Omit<SchemaElement, "name"> = {
  type: "BYTE_ARRAY",
  converted_type: "UTF8",
  logical_type: { type: "STRING" },
};

const timestamp = (unit: "MILLIS" | "MICROS" | "NANOS"): Omit<SchemaElement, "name" | "converted_type"> => ({
  type: "INT64",
  logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit },
});

/** Nanoseconds have no converted type: older readers see a number (LogicalTypes.md, "Timestamp"). */
const TIMESTAMPS: Readonly<Record<TimestampUnit, Omit<SchemaElement, "name">>> = {
  ms: { ...timestamp("MILLIS"), converted_type: "TIMESTAMP_MILLIS" },
  us: { ...timestamp("MICROS"), converted_type: "TIMESTAMP_MICROS" },
  ns: timestamp("NANOS"),
};

/** Without the converted type, which says UTC. */
function localTimestamp(unit: TimestampUnit): Omit<SchemaElement, "name"> {
  const { logical_type } = TIMESTAMPS[unit];
  if (logical_type?.type !== "TIMESTAMP") return { type: "INT64" };
  return { type: "INT64", logical_type: { ...logical_type, isAdjustedToUTC: false } };
}

const SCALARS: Readonly<Record<ScalarName, Omit<SchemaElement, "name">>> = {
  boolean: { type: "BOOLEAN" },
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  float: { type: "FLOAT" },
  double: { type: "DOUBLE" },
  string: TEXT,
  bytes: { type: "BYTE_ARRAY" },
  date: { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } },
  timestamp: TIMESTAMPS.us,
  uuid: { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, logical_type: { type: "UUID" } },
  // As text, which every reader has: to one that does not know the JSON type it would be bytes.
  json: TEXT,
};

/** In as few bytes as its digits take. */
function decimal(name: string, precision: number, scale: number): SchemaElement {
  return {
    name,
    ...(precision <= 9
      ? { type: "INT32" }
      : precision <= 18
        ? { type: "INT64" }
        : { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16 }),
    converted_type: "DECIMAL",
    precision,
    scale,
    logical_type: { type: "DECIMAL", precision, scale },
  };
}

/** How many columns a file of this schema has on disk: each field of a struct is one. */
export function leavesIn({ fields }: StructType): number {
  let count = 0;
  for (const { type } of fields.values()) count += leavesOf(type);
  return count;
}

function leavesOf(type: Type): number {
  if (type.kind === "list") return leavesOf(type.element.type);
  if (type.kind === "map") return leavesOf(type.key.type) + leavesOf(type.value.type);
  return type.kind === "struct" ? Math.max(1, leavesIn(type)) : 1;
}
