import type { Column, StructType, Type } from "@kinesis-connectors/parquet/tables";
import type {
  FieldType,
  SchemaField,
  StructFieldType,
  TableMetadata,
  TableSchema,
} from "../catalog/metadata.js";
import { asInTable, fieldTypeOf, type NextId } from "./declared.js";

/** Declared columns beside those of a table. */
export interface MatchedColumns {
  /** The columns of a file: the declared ones, with the ids and the types of the table. */
  readonly columns: StructType;
  /** Declared columns that the table lacks, by their path. */
  readonly missing: readonly string[];
  /** Why rows of the declared columns do not fit the table, by path. */
  readonly problems: readonly string[];
}

interface Findings {
  readonly missing: string[];
  readonly problems: string[];
}

/** Finds the declared columns in a table. */
export function matchColumns(declared: StructType, table: TableSchema): MatchedColumns {
  const findings: Findings = { missing: [], problems: [] };
  const columns = matchStruct(declared, table, "", findings);
  return { columns, ...findings };
}

function matchStruct(
  declared: StructType,
  table: StructFieldType,
  path: string,
  findings: Findings,
): StructType {
  const fields = new Map<string, Column>();
  const byName = new Map(table.fields.map((field) => [field.name, field]));
  for (const [name, column] of declared.fields) {
    const field = byName.get(name);
    if (field === undefined) {
      findings.missing.push(`${path}${name}`);
      continue;
    }
    const type = matchType(column.type, field.type, `${path}${name}`, findings);
    if (type !== undefined)
      fields.set(name, { type, required: column.required || field.required, id: field.id });
  }
  for (const { name, required } of table.fields)
    if (required && !declared.fields.has(name))
      findings.problems.push(`${path}${name} is required in the table, and columns does not have it`);
  return { kind: "struct", fields };
}

function matchType(declared: Type, table: FieldType, path: string, findings: Findings): Type | undefined {
  if (typeof table === "string") {
    const type =
      declared.kind === "struct" || declared.kind === "list" || declared.kind === "map"
        ? undefined
        : asInTable(declared, table);
    if (type === undefined)
      findings.problems.push(`${path} is ${table} in the table, which columns has as ${shownType(declared)}`);
    return type;
  }
  if (table.type === "struct" && declared.kind === "struct")
    return matchStruct(declared, table, `${path}.`, findings);
  if (table.type === "list" && declared.kind === "list") {
    const { type, required } = declared.element;
    const element = matchType(type, table.element, `${path}.element`, findings);
    if (element === undefined) return undefined;
    return {
      kind: "list",
      element: { type: element, required: required || table["element-required"], id: table["element-id"] },
    };
  }
  if (table.type === "map" && declared.kind === "map") {
    const key = matchType(declared.key.type, table.key, `${path}.key`, findings);
    const value = matchType(declared.value.type, table.value, `${path}.value`, findings);
    if (key === undefined || value === undefined) return undefined;
    return {
      kind: "map",
      key: { type: key, required: true, id: table["key-id"] },
      value: {
        type: value,
        required: declared.value.required || table["value-required"],
        id: table["value-id"],
      },
    };
  }
  findings.problems.push(
    `${path} is ${table.type} in the table, which columns has as ${shownType(declared)}`,
  );
  return undefined;
}

function shownType(type: Type): string {
  if (type.kind === "struct" || type.kind === "list" || type.kind === "map") return type.kind;
  const shown = fieldTypeOf(type, () => 0);
  return typeof shown === "string" ? shown : shown.type;
}

/** The schema of a table with the declared columns that it lacks, all of them optional; `lastColumnId` is the highest id given out. */
export function withMissing(
  declared: StructType,
  table: TableSchema,
  lastColumnId: number,
): { readonly schema: TableSchema; readonly lastColumnId: number } {
  let last = lastColumnId;
  const nextId: NextId = () => (last += 1);
  const { fields } = extendStruct(declared, table, nextId);
  return { schema: { ...table, fields }, lastColumnId: last };
}

function extendStruct(declared: StructType, table: StructFieldType, nextId: NextId): StructFieldType {
  const known = table.fields.map((field): SchemaField => {
    const column = declared.fields.get(field.name);
    return column === undefined ? field : { ...field, type: extendType(column.type, field.type, nextId) };
  });
  const names = new Set(table.fields.map(({ name }) => name));
  const added = [...declared.fields]
    .filter(([name]) => !names.has(name))
    .map(([name, { type }]): SchemaField => {
      const id = nextId();
      return { id, name, required: false, type: fieldTypeOf(type, nextId) };
    });
  return { type: "struct", fields: [...known, ...added] };
}

function extendType(declared: Type, table: FieldType, nextId: NextId): FieldType {
  if (typeof table === "string") return table;
  if (table.type === "struct" && declared.kind === "struct") return extendStruct(declared, table, nextId);
  if (table.type === "list" && declared.kind === "list")
    return { ...table, element: extendType(declared.element.type, table.element, nextId) };
  if (table.type === "map" && declared.kind === "map")
    return { ...table, value: extendType(declared.value.type, table.value, nextId) };
  return table;
}

/** The types of all columns without parts, by id. */
export function primitiveTypes(schema: StructFieldType): ReadonlyMap<number, string> {
  const types = new Map<number, string>();
  const add = (id: number, type: FieldType): void => {
    if (typeof type === "string") types.set(id, type);
    else if (type.type === "struct") for (const field of type.fields) add(field.id, field.type);
    else if (type.type === "list") add(type["element-id"], type.element);
    else {
      add(type["key-id"], type.key);
      add(type["value-id"], type.value);
    }
  };
  for (const field of schema.fields) add(field.id, field.type);
  return types;
}

/** The types of all columns that a table has or had, by id: files of an old partition spec may be partitioned by a column that is gone. */
export function typesEver({
  schemas,
  "current-schema-id": current,
}: TableMetadata): ReadonlyMap<number, string> {
  const newestLast = schemas.toSorted(
    (left, right) => Number(left["schema-id"] === current) - Number(right["schema-id"] === current),
  );
  return new Map(newestLast.flatMap((schema) => [...primitiveTypes(schema)]));
}
