import { KinesisConnectorError } from "@kinesis-connectors/core";
import { type Column, converterOf, Misfit, type StructType } from "@kinesis-connectors/parquet/tables";
import type { PartitionSpec, StructFieldType } from "../catalog/metadata.js";
import type { Value } from "../columns/values.js";
import { type Transform, transformOf } from "./transforms.js";

/** A field of a partition spec, with the type of its values. */
export interface PartitionField {
  readonly id: number;
  readonly name: string;
  readonly sourceId: number;
  readonly transform: Transform;
  /** Of the column that it is made of. */
  readonly columnType: string;
  /** Of its values. */
  readonly type: string;
}

/**
 * The fields of a spec; `types` are those of columns, by id.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` for a transform that is not known here
 */
export function partitionFields(
  spec: PartitionSpec,
  types: ReadonlyMap<number, string>,
): readonly PartitionField[] {
  return spec.fields.map(({ name, transform, ...field }): PartitionField => {
    const known = transformOf(transform);
    // The column of a void field may be gone.
    const columnType = types.get(field["source-id"]) ?? (transform === "void" ? "int" : undefined);
    const type = columnType === undefined ? undefined : known?.typeOf(columnType);
    if (known === undefined || columnType === undefined || type === undefined)
      throw new KinesisConnectorError(
        "KC_EMIT_REFUSED",
        `the table is partitioned by ${transform} as ${name}, which cannot be written here: take identity, year, month, day, hour, bucket or truncate of a column without parts`,
      );
    const id = field["field-id"] ?? 0;
    return { id, name, sourceId: field["source-id"], transform: known, columnType, type };
  });
}

/** The partition of a row: a value for each field, or why the row has none. */
export type PartitionOf = (row: unknown) => readonly (Value | null)[] | Misfit;

/** How the rows of these columns are partitioned. A column that rows do not have is null in all of them. */
export function partitionOf(fields: readonly PartitionField[], columns: StructType): PartitionOf {
  const readers = fields.map((field) => {
    const found = pathTo(columns, field.sourceId);
    if (found === undefined) return () => null;
    const convert = converterOf(found.column, `row.${found.path.join(".")}`);
    return (row: unknown) => {
      const value = convert(found.path.reduce(memberOf, row));
      if (value instanceof Misfit) return value;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what columns without parts are converted to
      const made = field.transform.apply(value as Value | null, field.columnType);
      // Truncated, a negative decimal grows, and the type of the partition is the column's.
      return fitsDigits(made, field.type)
        ? made
        : new Misfit(
            `row.${found.path.join(".")}`,
            `has a ${field.transform.text} of more digits than ${field.type}`,
          );
    };
  });
  return (row) => {
    const values: (Value | null)[] = [];
    for (const read of readers) {
      const value = read(row);
      if (value instanceof Misfit) return value;
      values.push(value);
    }
    return values;
  };
}

function fitsDigits(value: Value | null, type: string): boolean {
  const [, digits] = /^decimal\((\d+),/.exec(type) ?? [];
  if (digits === undefined || typeof value !== "bigint") return true;
  const limit = 10n ** BigInt(digits);
  return -limit < value && value < limit;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function pathTo(
  { fields }: StructType,
  id: number,
): { readonly path: readonly string[]; readonly column: Column } | undefined {
  for (const [name, column] of fields) {
    if (column.id === id) return { path: [name], column };
    const within = column.type.kind === "struct" ? pathTo(column.type, id) : undefined;
    // A struct that is null has no fields: they are null, required or not.
    if (within !== undefined)
      return { path: [name, ...within.path], column: { ...within.column, required: false } };
  }
  return undefined;
}

/** A column by its path, such as `payload.id`; undefined where there is none, or it has parts. */
export function columnIdOf(schema: StructFieldType, path: string): number | undefined {
  const [first = "", ...rest] = path.split(".");
  // A name may hold a point.
  const field =
    schema.fields.find(({ name }) => name === path) ?? schema.fields.find(({ name }) => name === first);
  if (field === undefined) return undefined;
  if (typeof field.type === "string") return field.name === path ? field.id : undefined;
  return field.type.type === "struct" && rest.length > 0 ? columnIdOf(field.type, rest.join(".")) : undefined;
}
