import { converterOf, Misfit } from "./convert.js";
import { isFields, type StructType, type Type } from "./types.js";

type Fields = Readonly<Record<string, unknown>>;

/** A row in two: what its columns hold, and what has none. */
export interface PartedRow {
  readonly fit: Fields;
  readonly rest: Fields | undefined;
}

/**
 * Parts a row. A field without a column goes to the rest, inside objects too, where it keeps its place: `{ detail: { late: 1 } }`. Of a list with such a
 * field in one of its elements the whole list goes there, because elements without their fellows say nothing.
 *
 * @param restColumn a field of this name is no column's
 */
export function partedRow(row: Fields, schema: StructType, restColumn: string): PartedRow {
  return parted(row, schema, restColumn);
}

function parted(value: Fields, { fields }: StructType, reserved: string | undefined): PartedRow {
  // Names are the record's, and __proto__ may be among them.
  const fit = Object.create(null) as Record<string, unknown>;
  const rest = Object.create(null) as Record<string, unknown>;
  let hasRest = false;
  for (const [name, item] of Object.entries(value)) {
    if (item === null || item === undefined) continue;
    const column = name === reserved ? undefined : fields.get(name);
    if (column?.type.kind === "struct" && column.type.fields.size > 0 && isFields(item)) {
      const inner = parted(item, column.type, undefined);
      fit[name] = inner.fit;
      if (inner.rest === undefined) continue;
      rest[name] = inner.rest;
      hasRest = true;
    } else if (column === undefined || hasUnknown(item, column.type)) {
      rest[name] = item;
      hasRest = true;
    } else fit[name] = item;
  }
  return { fit, rest: hasRest ? rest : undefined };
}

function hasUnknown(item: unknown, type: Type): boolean {
  if (type.kind !== "list" && type.kind !== "map" && type.kind !== "struct") return false;
  const found = converterOf({ type, required: false }, "")(item);
  return found instanceof Misfit && found.isUnknown;
}
