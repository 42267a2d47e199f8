import { digitsOf } from "../exact-json.js";
import type { JsonObject } from "../json-values.js";

/**
 * A table's metadata, as its metadata file has it (Iceberg table spec, appendix C, version 2). Snapshot ids fill 63 bits: they stay as `parseExact` gives
 * them, and `sameId` compares them.
 */
export interface TableMetadata {
  readonly "format-version": number;
  readonly "table-uuid": string;
  readonly location: string;
  readonly "last-sequence-number": number;
  readonly "last-updated-ms": number;
  readonly "last-column-id": number;
  readonly "current-schema-id": number;
  readonly schemas: readonly Schema[];
  readonly "default-spec-id": number;
  readonly "partition-specs": readonly Spec[];
  readonly "last-partition-id": number;
  readonly "default-sort-order-id": number;
  readonly "sort-orders": readonly SortOrder[];
  readonly properties: Readonly<Record<string, string>>;
  /** -1 for none, as Iceberg's own server writes it in version 2. */
  readonly "current-snapshot-id": unknown;
  readonly refs: Readonly<Record<string, SnapshotRef>>;
  readonly snapshots: readonly Snapshot[];
  readonly statistics: readonly JsonObject[];
  readonly "partition-statistics": readonly JsonObject[];
  readonly "snapshot-log": readonly LogEntry[];
  readonly "metadata-log": readonly { readonly "timestamp-ms": number; readonly "metadata-file": string }[];
}

export type Schema = JsonObject & {
  readonly "schema-id": number;
  readonly type: "struct";
  readonly fields: readonly JsonObject[];
};
export type Spec = JsonObject & { readonly "spec-id": number; readonly fields: readonly JsonObject[] };
export type SortOrder = JsonObject & { readonly "order-id": number; readonly fields: readonly JsonObject[] };
export type Snapshot = JsonObject & {
  readonly "snapshot-id": unknown;
  readonly "parent-snapshot-id"?: unknown;
  readonly "sequence-number": number;
  readonly "timestamp-ms": number;
};
export type SnapshotRef = JsonObject & { readonly "snapshot-id": unknown; readonly type: "branch" | "tag" };
interface LogEntry {
  readonly "timestamp-ms": number;
  readonly "snapshot-id": unknown;
}

/** Partition fields count from 1,000 on (table spec, "Partitioning"). */
export const FIRST_PARTITION_ID = 1000;

/** Whether two ids are the same number, however long. */
export function sameId(left: unknown, right: unknown): boolean {
  const digits = digitsOf(left);
  return digits !== undefined && digits === digitsOf(right);
}

/** The greatest id of a schema's columns, those inside others included. */
export function highestFieldId(type: unknown): number {
  if (typeof type !== "object" || type === null) return 0;
  let highest = 0;
  for (const [name, value] of Object.entries(type)) {
    const isId = name === "id" || name === "element-id" || name === "key-id" || name === "value-id";
    if (isId && typeof value === "number") highest = Math.max(highest, value);
    else if (typeof value === "object") highest = Math.max(highest, highestFieldId(value));
  }
  return highest;
}
