/** Types without parts. */
export type ScalarName =
  | "boolean"
  | "int32"
  | "int64"
  | "float"
  | "double"
  | "string"
  | "bytes"
  | "date"
  | "timestamp"
  | "json";

/** A checked type. `unknown` is that of a list of which only empty or null-filled ones have been seen. */
export type Type =
  | { readonly kind: "scalar"; readonly name: ScalarName }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "list"; readonly element: Column }
  | StructType
  | { readonly kind: "unknown" };

/** Columns by name; also the type of a whole row. */
export interface StructType {
  readonly kind: "struct";
  readonly fields: ReadonlyMap<string, Column>;
}

/** A type, and whether null is refused. */
export interface Column {
  readonly type: Type;
  readonly required: boolean;
}

/** Levels of lists and structs in a row. Readers recurse, and a document of ten thousand brackets must not exhaust their stack. */
export const OBJECT_DEPTH = 32;

/** A type in words, for messages and as the schema's name: equal for equal types only. */
export function describe(type: Type): string {
  switch (type.kind) {
    case "scalar":
      return type.name;
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "list":
      return `list<${describeColumn(type.element)}>`;
    case "struct":
      return `struct<${[...type.fields].map(([name, column]) => `${JSON.stringify(name)}:${describeColumn(column)}`).join(",")}>`;
    default:
      return "unknown";
  }
}

function describeColumn({ type, required }: Column): string {
  return required ? `${describe(type)}!` : describe(type);
}

/** Whether a value is an object of named fields. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Date) &&
    !(value instanceof Map) &&
    !(value instanceof Set)
  );
}
