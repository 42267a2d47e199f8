import { compareValues } from "@kinesis-connectors/parquet/tables";
import { bytesOfValue, type Value, valueOfBytes } from "../columns/values.js";
import type { DataFile } from "../files/data-file.js";
import type { PartitionField } from "../partitions/partition-fields.js";
import type { PartitionSummary } from "./manifest-list.js";

/**
 * What a reader knows of the partitions of a manifest: whether there are nulls, and between which values they are. Null, which lets it pass over no manifest,
 * where bounds would say something else to each reader: Java has compared the halves of UUIDs as signed numbers, and to DuckDB NaN is the greatest number. Bounds
 * cannot be left out alone: without them all values are null to a reader (table spec, "field_summary").
 */
export function summariesOf(
  files: readonly DataFile[],
  fields: readonly PartitionField[],
): readonly PartitionSummary[] | null {
  const summaries = fields.map(({ type }, nth) => {
    const values = files.map(({ partition }) => {
      const text = partition[nth] ?? null;
      return text === null ? null : valueOfBytes(Buffer.from(text, "base64"), type);
    });
    return summaryOfValues(values, type);
  });
  return isSafe(summaries, fields) ? summaries : null;
}

function isSafe(summaries: readonly PartitionSummary[], fields: readonly PartitionField[]): boolean {
  return fields.every(({ type }, nth) => type !== "uuid" && summaries[nth]?.contains_nan !== true);
}

function summaryOfValues(values: readonly (Value | null)[], type: string): PartitionSummary {
  let least: Value | undefined;
  let greatest: Value | undefined;
  for (const value of values) {
    if (value === null || Number.isNaN(value)) continue;
    if (least === undefined || compareValues(value, least) < 0) least = value;
    if (greatest === undefined || compareValues(value, greatest) > 0) greatest = value;
  }
  const isFloat = type === "float" || type === "double";
  return {
    contains_null: values.includes(null),
    contains_nan: isFloat ? values.some((value) => Number.isNaN(value)) : null,
    // Of the two zeros of floats the one is less than the other to some readers.
    lower_bound: least === undefined ? null : bufferOf(least === 0 && isFloat ? -0 : least, type),
    upper_bound: greatest === undefined ? null : bufferOf(greatest === 0 && isFloat ? 0 : greatest, type),
  };
}

function bufferOf(value: Value, type: string): Buffer {
  return Buffer.from(bytesOfValue(value, type));
}

/** What a reader knows of the partitions of several manifests together; null where it knows nothing of one of them. */
export function mergedSummaries(
  summaries: readonly (readonly PartitionSummary[] | null)[],
  fields: readonly PartitionField[],
): readonly PartitionSummary[] | null {
  if (summaries.some((one) => one?.length !== fields.length)) return null;
  return fields.map(({ type }, nth) => {
    const all = summaries.flatMap((one) => one?.[nth] ?? []);
    const bounds = all.flatMap(({ lower_bound, upper_bound }) => [lower_bound, upper_bound]);
    const values = bounds.flatMap((bound) => (bound === null ? [] : [valueOfBytes(bound, type)]));
    return {
      ...summaryOfValues(values, type),
      contains_null: all.some(({ contains_null }) => contains_null),
    };
  });
}
