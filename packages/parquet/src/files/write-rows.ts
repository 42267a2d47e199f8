import { setImmediate as nextTurn } from "node:timers/promises";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { RefusedOutput } from "@kinesis-connectors/s3";
import type { RowGroup } from "hyparquet";
import { ByteWriter, type ColumnSource, ParquetWriter } from "hyparquet-writer";
import type { PageCompression } from "./compress.js";
import { type Convert, converterOf, jsonOf, Misfit, requiredOf, unknownField } from "../columns/convert.js";
import { elementsOf, leavesIn } from "./elements.js";
import { partedRow } from "../columns/rest.js";
import { isFields, type StructType, type Type } from "../columns/types.js";

/** So many fields are converted in one turn of the event loop. */
const FIELDS_PER_TURN = 50_000;

/** A file of so many rows is written without a turn for others. */
const ROWS_PER_TURN = 1_000;

/** Rows of so many columns on disk make full row groups. Of more columns a group takes fewer rows: it is encoded in one turn, and its values are in memory. */
const USUAL_LEAVES = 10;

/** A row is refused for a field without a column only where the columns are declared and none may be added. */
const CURE_OF_UNKNOWN = "`unknownFields` can leave such fields out";

/** How the rows become a file. */
export interface WriteOptions {
  readonly compression: PageCompression;
  /** Of a group of ten columns or fewer. */
  readonly rowGroupRows: number;
  /** Fields without a column are left out instead of refusing their row. */
  readonly ignoreUnknown: boolean;
  /** Takes what has no column, as the text of an object; undefined: there is none. */
  readonly restColumn: string | undefined;
  readonly signal: AbortSignal;
}

/** A file, or the rows that do not fit it. */
export type WrittenRows =
  | { readonly bytes: Uint8Array; readonly groups: readonly RowGroup[] }
  | { readonly refused: readonly RefusedOutput[] };

/** Writes rows of one schema as one file, or tells which do not fit it. Holds the converted values of one row group at a time. */
export async function writeRows(
  declared: StructType,
  rows: readonly unknown[],
  { compression, rowGroupRows, ignoreUnknown, restColumn, signal }: WriteOptions,
): Promise<WrittenRows> {
  const schema = restColumn === undefined ? declared : withRest(declared, restColumn);
  if (schema.fields.size === 0)
    return {
      refused: rows.map((_, index) => ({ index, error: poison("no row of the object has a value") })),
    };
  const compress = await compression.load();
  const bytes = new ByteWriter(64 * 1024);
  const file = new ParquetWriter({
    writer: bytes,
    schema: elementsOf(schema),
    codec: compression.codec,
    compressors: compress === undefined ? {} : { [compression.codec]: compress },
    createdBy: "kinesis-connectors",
  });
  const table = new Table(schema, ignoreUnknown, restColumn);
  const refused: RefusedOutput[] = [];
  const groupRows = Math.max(
    1,
    Math.floor((rowGroupRows * USUAL_LEAVES) / Math.max(USUAL_LEAVES, leavesIn(schema))),
  );
  let fields = 0;
  for (let start = 0; start < rows.length; start += groupRows) {
    const end = Math.min(rows.length, start + groupRows);
    table.clear(end - start);
    for (let index = start; index < end; index += 1) {
      const misfit = table.set(index - start, rows[index]);
      if (misfit !== undefined) refused.push({ index, error: poison(`${misfit.path} ${misfit.reason}`) });
      fields += table.fieldsOfLast;
      if (fields >= FIELDS_PER_TURN) {
        fields = 0;
        await turn(signal);
      }
    }
    // With a row refused nothing of the file is used: the rest is only looked through.
    if (refused.length > 0) continue;
    await file.write({ columnData: table.columns(), rowGroupSize: end - start });
    withoutBoundsOfNaN(file.row_groups.at(-1));
    // A file of a few rows takes no turn worth speaking of.
    if (rows.length > ROWS_PER_TURN) await turn(signal);
    else signal.throwIfAborted();
  }
  if (refused.length > 0) return { refused };
  await file.finish();
  return { bytes: bytes.getBytes(), groups: file.row_groups };
}

/** Bounds leave NaN out, but DuckDB takes it for the greatest number and would skip the group that a query for it asks for. */
function withoutBoundsOfNaN(group: RowGroup | undefined): void {
  for (const { meta_data } of group?.columns ?? []) {
    const { statistics } = meta_data ?? {};
    if (meta_data === undefined || !(nansIn(statistics) > 0)) continue;
    const { min_value: _least, max_value: _greatest, ...counts } = statistics ?? {};
    meta_data.statistics = counts;
  }
}

/** The writer counts them; the reader's types do not know it yet. */
export function nansIn(statistics: object | undefined): number {
  const count: unknown = statistics === undefined ? 0n : Reflect.get(statistics, "nan_count");
  return typeof count === "bigint" ? Number(count) : 0;
}

/** The column's name is none that rows have: `parquet` sees to it. */
function withRest({ fields }: StructType, restColumn: string): StructType {
  return {
    kind: "struct",
    fields: new Map(fields).set(restColumn, { type: { kind: "scalar", name: "json" }, required: false }),
  };
}

async function turn(signal: AbortSignal): Promise<void> {
  await nextTurn();
  signal.throwIfAborted();
}

function poison(reason: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_RECORD_POISON",
    `the record does not fit the Parquet columns: ${reason}`,
  );
}

interface TableColumn {
  readonly convert: Convert;
  /** Floats, which have a zero with a sign. */
  readonly mayHoldZeros: boolean;
  readonly values: unknown[];
}

/** The values of a row group by column. */
class Table {
  readonly #columns: ReadonlyMap<string, TableColumn>;
  readonly #required: readonly { readonly name: string; readonly absent: unknown }[];
  readonly #schema: StructType;
  readonly #ignoreUnknown: boolean;
  readonly #restColumn: string | undefined;
  /** How many fields the row that was set last has; one for a row of none. */
  fieldsOfLast = 1;

  constructor(schema: StructType, ignoreUnknown: boolean, restColumn: string | undefined) {
    const { fields } = schema;
    this.#schema = schema;
    this.#restColumn = restColumn;
    const converters = new Map(
      [...fields].map(([name, column]) => [name, converterOf(column, `row.${name}`)]),
    );
    this.#columns = new Map(
      [...fields].map(([name, { type }]) => [
        name,
        { convert: converters.get(name) ?? (() => null), mayHoldZeros: hasFloats(type), values: [] },
      ]),
    );
    this.#required = requiredOf(fields, converters);
    this.#ignoreUnknown = ignoreUnknown;
  }

  /** The arrays stay: the writer takes slices of them. */
  clear(rows: number): void {
    for (const { values } of this.#columns.values()) {
      if (values.length > rows) values.length = rows;
      values.fill(null);
      while (values.length < rows) values.push(null);
    }
  }

  set(nthRow: number, row: unknown): Misfit | undefined {
    if (!isFields(row)) return new Misfit("row", "must be an object");
    const misfit = this.#setFields(nthRow, row);
    if (misfit?.isUnknown !== true || this.#restColumn === undefined) return misfit;
    // Rare beside rows that fit, so only now: the row is set once more, in two.
    for (const { values } of this.#columns.values()) values[nthRow] = null;
    const { fit, rest } = partedRow(row, this.#schema, this.#restColumn);
    const failed = this.#setFields(nthRow, fit);
    if (failed !== undefined || rest === undefined) return failed;
    const text = jsonOf(rest);
    if (text === undefined) return new Misfit("row", "has fields without a column that JSON cannot write");
    const column = this.#columns.get(this.#restColumn);
    if (column !== undefined) column.values[nthRow] = text;
    return undefined;
  }

  #setFields(nthRow: number, row: Readonly<Record<string, unknown>>): Misfit | undefined {
    const names = Object.keys(row);
    this.fieldsOfLast = names.length + 1;
    for (let nth = 0; nth < names.length; nth += 1) {
      const name = names[nth] ?? "";
      const column = name === this.#restColumn ? undefined : this.#columns.get(name);
      if (column === undefined) {
        const misfit = this.#ignoreUnknown ? undefined : unknownField(row[name], "row", nth);
        if (misfit !== undefined) return new Misfit("row", `${misfit.reason} (${CURE_OF_UNKNOWN})`, true);
        continue;
      }
      const value = column.convert(row[name]);
      if (value instanceof Misfit) return value;
      column.values[nthRow] = value;
    }
    for (const { name, absent } of this.#required)
      if (this.#columns.get(name)?.values[nthRow] === null && absent instanceof Misfit) return absent;
    return undefined;
  }

  columns(): ColumnSource[] {
    return [...this.#columns].map(([name, { mayHoldZeros, values }]) =>
      // To the writer's dictionary both zeros are one, and it keeps the first that came.
      mayHoldZeros && values.some(holdsMinusZero)
        ? { name, data: values, encoding: "PLAIN" }
        : { name, data: values },
    );
  }
}

function hasFloats(type: Type): boolean {
  switch (type.kind) {
    case "scalar":
      return type.name === "float" || type.name === "double";
    case "list":
      return hasFloats(type.element.type);
    case "map":
      return hasFloats(type.key.type) || hasFloats(type.value.type);
    case "struct":
      return [...type.fields.values()].some((field) => hasFloats(field.type));
    default:
      return false;
  }
}

function holdsMinusZero(value: unknown): boolean {
  if (typeof value === "number") return Object.is(value, -0);
  if (Array.isArray(value)) return value.some(holdsMinusZero);
  return isFields(value) && Object.values(value).some(holdsMinusZero);
}
