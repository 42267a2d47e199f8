import { exactNumberOf } from "@kinesis-connectors/core";
import type { FileMetaData, SchemaElement } from "hyparquet";

/** What becomes of a value of a column; undefined where it stays as it is. */
type Exact = ((value: unknown) => unknown) | undefined;

type Row = Record<string, unknown>;

/** How a file is read so that no digit is lost. */
export interface ExactReading {
  /** The file's own, with decimals as the whole numbers that they are stored as. */
  readonly metadata: FileMetaData;
  /** The row with its decimals as `json({ numbers: "exact" })` has numbers. */
  readonly rowOf: (row: Row) => Row;
  /** The same as JSON can hold it: bytes in base64. */
  readonly plainOf: (row: Row) => Row;
}

/** The reader makes a double of each decimal, which holds 15 to 17 of its digits: so it is told that there are none. */
export function exactReading(metadata: FileMetaData): ExactReading {
  const isDecimal = ({ converted_type: converted, type }: SchemaElement): boolean =>
    converted === "DECIMAL" && type !== "BYTE_ARRAY";
  const schema = metadata.schema.map((element): SchemaElement => {
    if (!isDecimal(element)) return element;
    const { converted_type: _converted, logical_type: _logical, ...raw } = element;
    return raw;
  });
  const exact = columnsOf(metadata.schema, (element) => {
    if (!isDecimal(element)) return undefined;
    const { scale = 0 } = element;
    return (unscaled) => exactNumberOf(decimalText(wholeOf(unscaled), scale));
  });
  const plain = columnsOf(metadata.schema, ({ type }) =>
    type === "BYTE_ARRAY" || type === "FIXED_LEN_BYTE_ARRAY"
      ? (value) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value)
      : undefined,
  );
  const all = (change: Exact) => (row: Row) => (change === undefined ? row : (change(row) as Row));
  return { metadata: { ...metadata, schema }, rowOf: all(exact), plainOf: all(plain) };
}

/** What becomes of a row, by what becomes of its columns; undefined where nothing does. */
function columnsOf(schema: readonly SchemaElement[], ofLeaf: (element: SchemaElement) => Exact): Exact {
  let at = 0;
  const next = (): readonly [string, Exact] => {
    const element = schema[at] as SchemaElement;
    at += 1;
    const { name, num_children: count = 0, logical_type: logical, converted_type: converted } = element;
    if (count === 0) return [name, kept(ofLeaf(element))];
    const children = Array.from({ length: count }, next);
    const isList = logical?.type === "LIST" || converted === "LIST";
    const isMap = logical?.type === "MAP" || converted === "MAP";
    // The group of a list or map has one child, which repeats and holds what is in it: rows have an array, or an object, in its place.
    if (isList || isMap) return [name, children[0]?.[1]];
    if (element.repetition_type === "REPEATED") return [name, repeated(children)];
    return [name, kept(fieldsOf(children))];
  };
  return next()[1];
}

function kept(change: Exact): Exact {
  return change && ((value) => (value === null || value === undefined ? value : change(value)));
}

function fieldsOf(children: readonly (readonly [string, Exact])[]): Exact {
  const changed = children.filter(([, change]) => change !== undefined);
  if (changed.length === 0) return undefined;
  return (value) => {
    const fields: Row = { ...(value as Row) };
    for (const [name, change] of changed) fields[name] = change?.(fields[name]);
    return fields;
  };
}

/** The elements of a list, or the values of a map. */
function repeated(children: readonly (readonly [string, Exact])[]): Exact {
  const change = children.at(-1)?.[1];
  return kept(
    change &&
      ((value) =>
        Array.isArray(value)
          ? value.map(change)
          : Object.fromEntries(Object.entries(value as Row).map(([key, one]) => [key, change(one)]))),
  );
}

function wholeOf(unscaled: unknown): bigint {
  if (typeof unscaled === "bigint") return unscaled;
  if (typeof unscaled === "number") return BigInt(unscaled);
  if (!(unscaled instanceof Uint8Array))
    throw new TypeError("a decimal is stored as something else than a number");
  // Two's complement, most significant byte first (Parquet, LogicalTypes, DECIMAL).
  return BigInt.asIntN(unscaled.length * 8, BigInt(`0x${Buffer.from(unscaled).toString("hex") || "0"}`));
}

function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled);
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** A moment of microseconds or nanoseconds: a Date, or the text of one that a Date would cut short. */
export function momentOf(units: bigint, perMs: bigint): Date | string {
  const rest = ((units % perMs) + perMs) % perMs;
  const ms = (units - rest) / perMs;
  const date = new Date(Number(ms));
  if (rest === 0n || Number.isNaN(date.getTime())) return date;
  const digits = rest.toString().padStart(perMs === 1000n ? 3 : 6, "0");
  return date.toISOString().replace("Z", `${digits}Z`);
}
