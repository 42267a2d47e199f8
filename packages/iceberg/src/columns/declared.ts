import { invalidOption } from "@kinesis-connectors/core";
import type { ParquetSchema } from "@kinesis-connectors/parquet";
import { schemaFrom, type StructType, type Type } from "@kinesis-connectors/parquet/tables";
import type { FieldType, SchemaField } from "../catalog/metadata.js";

/**
 * Checks declared columns.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the column
 */
export function declaredColumns(columns: ParquetSchema): StructType {
  if (columns === undefined) throw invalidOption("columns is missing: name each column with its type");
  const declared = schemaFrom(columns, "columns");
  for (const [name, { type }] of declared.fields) checkUnits(type, `columns.${name}`);
  return declared;
}

function checkUnits(type: Type, path: string): void {
  switch (type.kind) {
    case "timestamp":
      if (type.unit !== "us")
        throw invalidOption(
          `${path} counts ${type.unit}, but Iceberg v2 keeps microseconds: take { timestamp: "us" }, with truncate: true for more digits`,
        );
      return;
    case "list":
      checkUnits(type.element.type, `${path}[]`);
      return;
    case "map":
      checkUnits(type.key.type, `${path} keys`);
      checkUnits(type.value.type, `${path} values`);
      return;
    case "struct":
      for (const [name, column] of type.fields) checkUnits(column.type, `${path}.${name}`);
      return;
    default:
  }
}

/** Gives out the ids of new columns. */
export type NextId = () => number;

/** Declared columns as Iceberg has them. A catalog that creates a table gives out ids of its own. */
export function fieldsOf({ fields }: StructType, nextId: NextId): readonly SchemaField[] {
  // The ids of a level before those of what is inside, as Java gives them out.
  const named = [...fields].map(([name, column]) => ({ name, column, id: nextId() }));
  return named.map(({ name, column, id }) => ({
    id,
    name,
    required: column.required,
    type: fieldTypeOf(column.type, nextId),
  }));
}

/** A declared type as Iceberg has it. */
export function fieldTypeOf(type: Type, nextId: NextId): FieldType {
  switch (type.kind) {
    case "list": {
      const id = nextId();
      return {
        type: "list",
        "element-id": id,
        "element-required": type.element.required,
        element: fieldTypeOf(type.element.type, nextId),
      };
    }
    case "map": {
      const keyId = nextId();
      const valueId = nextId();
      return {
        type: "map",
        "key-id": keyId,
        key: fieldTypeOf(type.key.type, nextId),
        "value-id": valueId,
        "value-required": type.value.required,
        value: fieldTypeOf(type.value.type, nextId),
      };
    }
    case "struct":
      return { type: "struct", fields: fieldsOf(type, nextId) };
    default:
      return primitiveOf(type);
  }
}

const SCALARS = {
  boolean: "boolean",
  int32: "int",
  int64: "long",
  float: "float",
  double: "double",
  string: "string",
  json: "string",
  bytes: "binary",
  date: "date",
  timestamp: "timestamptz",
  uuid: "uuid",
} as const;

function primitiveOf(type: Type): string {
  switch (type.kind) {
    case "scalar":
      return SCALARS[type.name];
    case "timestamp":
      return type.isLocal === true ? "timestamp" : "timestamptz";
    case "decimal":
      return `decimal(${type.precision}, ${type.scale})`;
    default:
      // A declared column has a type.
      throw new TypeError(`a column of kind ${type.kind} has no type of its own`);
  }
}

/** What a column may be in a table: its own type, or one that Iceberg widens it to (table spec, "Schema Evolution"). */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  int: ["int", "long"],
  float: ["float", "double"],
};

/** A declared type without parts as the table has it; undefined where the table's is another. */
export function asInTable(declared: Type, inTable: string): Type | undefined {
  const own = primitiveOf(declared);
  if (declared.kind === "decimal") {
    const [, precision, scale] = /^decimal\((\d+),\s*(\d+)\)$/.exec(inTable) ?? [];
    if (Number(scale) !== declared.scale || Number(precision) < declared.precision) return undefined;
    return { kind: "decimal", precision: Number(precision), scale: declared.scale };
  }
  if (own === inTable) return declared;
  if (WIDER[own]?.includes(inTable) !== true) return undefined;
  return { kind: "scalar", name: inTable === "long" ? "int64" : "double" };
}
