import { ExactNumber } from "@kinesis-connectors/core";

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
  | "uuid"
  | "json";

/** What a moment is counted in. */
export type TimestampUnit = "ms" | "us" | "ns";

/** A checked type. `unknown` is that of a list of which only empty or null-filled ones have been seen. */
export type Type =
  | { readonly kind: "scalar"; readonly name: ScalarName }
  | {
      readonly kind: "timestamp";
      readonly unit: TimestampUnit;
      readonly truncates: boolean;
      /** Texts without a zone instead of moments: what a clock on some wall shows. */
      readonly isLocal?: boolean;
    }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "list"; readonly element: Column }
  | { readonly kind: "map"; readonly key: Column; readonly value: Column }
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
  /** Names the column in the file beside its name (`field_id`), for tables whose columns may be renamed. */
  readonly id?: number;
}

/** Levels of lists and structs in a row. Readers recurse, and a document of ten thousand brackets must not exhaust their stack. */
export const OBJECT_DEPTH = 32;

/** Whether a value is an object of named fields. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Date) &&
    !ExactNumber.isInstance(value) &&
    !(value instanceof Map) &&
    !(value instanceof Set)
  );
}
