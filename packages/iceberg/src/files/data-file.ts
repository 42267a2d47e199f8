import type { LeafStatistics } from "@kinesis-connectors/parquet/tables";
import { bytesOfValue, type Value } from "../columns/values.js";
import { MAX_COLUMNS_WITH_BOUNDS } from "../limits.js";
import type { PartitionField } from "../partitions/partition-fields.js";
import { lowerBound, upperBound } from "./bounds.js";

/**
 * A written Parquet file, with all that the table's metadata says of it. Plain JSON, so that a stream can carry it: bytes are base64. A type and not an
 * interface, for the same reason.
 */
export type DataFile = {
  readonly v: 1;
  /** `s3://bucket/key`. */
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  /** The table it was written for, and the spec by which it is partitioned. */
  readonly tableUuid: string;
  readonly specId: number;
  /** The value of each field of the spec, as bounds have values. */
  readonly partition: readonly (string | null)[];
  readonly splitOffsets: readonly number[];
  readonly columns: readonly ColumnMetrics[];
};

/** What a file holds of one column. */
export type ColumnMetrics = {
  readonly id: number;
  readonly bytes: number;
  /** Of columns inside lists and maps, where readers do not count by rows, there is no more. */
  readonly values?: number;
  readonly nulls?: number;
  readonly nans?: number;
  readonly lower?: string;
  readonly upper?: string;
};

/** The metrics of a file's columns; `types` are those of the table, by id. */
export function metricsOf(
  leaves: readonly LeafStatistics[],
  types: ReadonlyMap<number, string>,
): readonly ColumnMetrics[] {
  return leaves.map((leaf, nth): ColumnMetrics => {
    const { id, bytes, isRepeated, valueCount, nullCount, nanCount, least, greatest } = leaf;
    if (isRepeated) return { id, bytes };
    const type = types.get(id) ?? "";
    const isFloat = type === "float" || type === "double";
    const counts = {
      id,
      bytes,
      values: valueCount,
      nulls: nullCount,
      ...(isFloat ? { nans: nanCount } : {}),
    };
    // Readers do not agree on the order of UUIDs: Java has compared their halves as signed numbers.
    if (nth >= MAX_COLUMNS_WITH_BOUNDS || type === "uuid" || !isValue(least) || !isValue(greatest))
      return counts;
    const upper = upperBound(greatest, type);
    return {
      ...counts,
      lower: base64(lowerBound(least, type)),
      ...(upper === undefined ? {} : { upper: base64(upper) }),
    };
  });
}

/** The values of a partition as a data file keeps them. */
export function partitionTexts(
  values: readonly (Value | null)[],
  fields: readonly PartitionField[],
): readonly (string | null)[] {
  return values.map((value, nth) =>
    value === null ? null : base64(bytesOfValue(value, fields[nth]?.type ?? "")),
  );
}

function isValue(value: unknown): value is Value {
  return (
    typeof value === "number" ||
    typeof value === "bigint" ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    value instanceof Uint8Array
  );
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
