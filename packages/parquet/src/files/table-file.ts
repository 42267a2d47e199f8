import type { RefusedOutput } from "@kinesis-connectors/s3";
import type { RowGroup } from "hyparquet";
import { pageCompression, type ParquetCompression } from "./compress.js";
import type { StructType, Type } from "../columns/types.js";
import { nansIn, writeRows } from "./write-rows.js";

/** Options of `tableFileWriter`. */
export interface TableFileOptions {
  /** Of every column. */
  readonly compression: ParquetCompression;
  /** Of a group of ten columns or fewer. */
  readonly rowGroupRows: number;
  /** Fields without a column are left out instead of refusing their row. */
  readonly ignoreUnknown: boolean;
}

/** A file of a table: its bytes, and what the table's metadata says of it. */
export interface TableFile {
  readonly bytes: Uint8Array;
  readonly rowCount: number;
  /** Where row groups start, in bytes. */
  readonly splitOffsets: readonly number[];
  /** One for each column on disk that has an id, in the order of the file. */
  readonly leaves: readonly LeafStatistics[];
}

/** What a file holds of one column on disk. */
export interface LeafStatistics {
  readonly id: number;
  readonly type: Type;
  /** Inside a list or a map: a row has any number of its values. */
  readonly isRepeated: boolean;
  /** Compressed. */
  readonly bytes: number;
  /** Nulls and NaN among them. */
  readonly valueCount: number;
  readonly nullCount: number;
  readonly nanCount: number;
  /** As the file holds them (texts as texts, decimals unscaled), not cut off. Undefined where there is no value, or NaN among them. */
  readonly least: unknown;
  readonly greatest: unknown;
}

/** Writes rows as one file, or tells which do not fit the columns. */
export type WriteTableFile = (
  columns: StructType,
  rows: readonly unknown[],
  signal: AbortSignal,
) => Promise<TableFile | { readonly refused: readonly RefusedOutput[] }>;

/**
 * Files for tables that keep statistics of their own.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for a compression that is not there
 */
export function tableFileWriter(options: TableFileOptions): WriteTableFile {
  const compression = pageCompression(options.compression);
  return async (columns, rows, signal) => {
    const settings = { ...options, compression, restColumn: undefined, signal };
    const written = await writeRows(columns, rows, settings);
    if ("refused" in written) return written;
    return {
      bytes: written.bytes,
      rowCount: rows.length,
      splitOffsets: written.groups.map(startOf),
      leaves: statisticsOf(columns, written.groups),
    };
  };
}

/** A row group starts with the first page of its first column. */
function startOf({ columns: [first] }: RowGroup): number {
  const meta = first?.meta_data;
  return Number(meta?.dictionary_page_offset ?? meta?.data_page_offset ?? 0);
}

interface Leaf {
  readonly id: number | undefined;
  readonly type: Type;
  readonly isRepeated: boolean;
}

function statisticsOf(columns: StructType, groups: readonly RowGroup[]): readonly LeafStatistics[] {
  return leavesOf(columns, false).flatMap(({ id, type, isRepeated }, nth) => {
    if (id === undefined) return [];
    const leaf = { id, type, isRepeated, bytes: 0, valueCount: 0, nullCount: 0, nanCount: 0 };
    let least: unknown;
    let greatest: unknown;
    for (const group of groups) {
      const meta = group.columns[nth]?.meta_data;
      if (meta === undefined) continue;
      const { statistics } = meta;
      leaf.bytes += Number(meta.total_compressed_size);
      leaf.valueCount += Number(meta.num_values);
      leaf.nullCount += Number(statistics?.null_count ?? 0n);
      leaf.nanCount += nansIn(statistics);
      least = lesser(least, statistics?.min_value);
      greatest = greater(greatest, statistics?.max_value);
    }
    if (leaf.nanCount > 0) return [{ ...leaf, least: undefined, greatest: undefined }];
    return [{ ...leaf, least, greatest }];
  });
}

/** In the order of the file, which is that of the columns, depth first. */
function leavesOf({ fields }: StructType, isRepeated: boolean): readonly Leaf[] {
  return [...fields.values()].flatMap((column) => leavesOfColumn(column, isRepeated));
}

function leavesOfColumn(
  { type, id }: { readonly type: Type; readonly id?: number },
  isRepeated: boolean,
): readonly Leaf[] {
  switch (type.kind) {
    case "list":
      return leavesOfColumn(type.element, true);
    case "map":
      return [...leavesOfColumn(type.key, true), ...leavesOfColumn(type.value, true)];
    case "struct":
      return type.fields.size === 0 ? [{ id, type, isRepeated }] : leavesOf(type, isRepeated);
    default:
      return [{ id, type, isRepeated }];
  }
}

function lesser(left: unknown, right: unknown): unknown {
  if (left === undefined || right === undefined) return left ?? right;
  return compareValues(left, right) <= 0 ? left : right;
}

function greater(left: unknown, right: unknown): unknown {
  if (left === undefined || right === undefined) return left ?? right;
  return compareValues(left, right) >= 0 ? left : right;
}

/** Texts in the order of their UTF-8, bytes as unsigned numbers, all else by value. */
export function compareValues(left: unknown, right: unknown): number {
  if (typeof left === "string" && typeof right === "string")
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  if (isOrdered(left) && isOrdered(right)) return left < right ? -1 : left > right ? 1 : 0;
  return 0;
}

function isOrdered(value: unknown): value is number | bigint | boolean {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
}
