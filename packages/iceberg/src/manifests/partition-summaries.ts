import { compareValues } from "@kinesis-connectors/parquet/tables";
import { bytesOfValue, type Value, valueOfBytes } from "../columns/values.js";
import type { DataFile } from "../files/data-file.js";
import type { PartitionField } from "../partitions/partition-fields.js";
import type { PartitionSummary } from "./manifest-list.js";

/** What a reader knows of the partitions of a manifest: whether there are nulls, and between which values they are. */
export function summariesOf(
  files: readonly DataFile[],
  fields: readonly PartitionField[],
): readonly PartitionSummary[] {
  return fields.map(({ type }, nth) => {
    const values = files.map(({ partition }) => {
      const text = partition[nth] ?? null;
      return text === null ? null : valueOfBytes(Buffer.from(text, "base64"), type);
    });
    return summaryOfValues(values, type);
  });
}

function summaryOfValues(values: readonly (Value | null)[], type: string): PartitionSummary {
  let least: Value | undefined;
  let greatest: Value | undefined;
  for (const value of values) {
    if (value === null || Number.isNaN(value)) continue;
    if (least === undefined || compareValues(value, least) < 0) least = value;
    if (greatest === undefined || compareValues(value, greatest) > 0) greatest = value;
  }
  // As in the bounds of columns: readers do not agree on the order of UUIDs.
  const hasBounds = type !== "uuid" && least !== undefined && greatest !== undefined;
  const isFloat = type === "float" || type === "double";
  return {
    contains_null: values.includes(null),
    contains_nan: isFloat ? values.some((value) => Number.isNaN(value)) : null,
    // Of the two zeros of floats the one is less than the other to some readers.
    lower_bound: hasBounds ? bufferOf(least === 0 && isFloat ? -0 : (least ?? 0), type) : null,
    upper_bound: hasBounds ? bufferOf(greatest === 0 && isFloat ? 0 : (greatest ?? 0), type) : null,
  };
}

function bufferOf(value: Value, type: string): Buffer {
  return Buffer.from(bytesOfValue(value, type));
}

/** What a reader knows of the partitions of several manifests together. */
export function mergedSummaries(
  summaries: readonly (readonly PartitionSummary[])[],
  fields: readonly PartitionField[],
): readonly PartitionSummary[] {
  return fields.map(({ type }, nth) => {
    const all = summaries.flatMap((one) => one[nth] ?? []);
    const bounds = all.flatMap(({ lower_bound, upper_bound }) => [lower_bound, upper_bound]);
    const values = bounds.flatMap((bound) => (bound === null ? [] : [valueOfBytes(bound, type)]));
    return {
      ...summaryOfValues(values, type),
      contains_null: all.some(({ contains_null }) => contains_null),
      contains_nan: all.some(({ contains_nan }) => contains_nan === null)
        ? null
        : all.some(({ contains_nan }) => contains_nan === true),
    };
  });
}
