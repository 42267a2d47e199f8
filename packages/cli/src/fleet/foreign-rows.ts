import type { Lease } from "@kinesis-connectors/leases";
import { oneLine } from "../output/table.js";
import type { Row } from "./cost.js";

/** A row of the lease table that is no lease of this application's shards. */
export interface ForeignRow {
  readonly key: string;
  /** What it is: the row's `entityType` where it has one, else by its key and attributes. */
  readonly kind: string;
}

/** Kinds of rows that KCL 3.x keeps among or beside its leases (amazon-kinesis-client 3.5, `entityType`), in words. */
const KINDS: Readonly<Record<string, string>> = {
  STREAM: "stream of a KCL 3 application",
  LEADER: "leader lock of KCL 3",
  CLIENT_VERSION_MIGRATION: "mode of a KCL 3 fleet",
  TABLE_MIGRATION: "table migration of KCL 3.5",
  WORKER_METRIC_STATS: "metrics of a KCL 3 worker",
};

/** Rows that no lease was read from. */
export function foreignRowsOf(rows: readonly Row[], leases: readonly Lease[]): readonly ForeignRow[] {
  const known = new Set(leases.map(({ leaseKey }) => leaseKey));
  return rows
    .map((row) => ({ key: row["leaseKey"]?.S ?? "(no leaseKey)", kind: kindOf(row) }))
    .filter(({ key }) => !known.has(key))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** One of them, as people read it. */
export function shownForeign({ key, kind }: ForeignRow): string {
  return `not a lease of ours: ${oneLine(key)} (${kind})`;
}

function kindOf(row: Row): string {
  const type = row["entityType"]?.S;
  if (type !== undefined && type !== "LEASE") return KINDS[type] ?? `entityType ${type}`;
  const key = row["leaseKey"]?.S;
  if (key === "Migration3.0") return KINDS["CLIENT_VERSION_MIGRATION"] ?? "";
  if (key === "Leader") return KINDS["LEADER"] ?? "";
  if (row["streamName"] !== undefined) return "lease of a KCL application with several streams";
  if (row["lut"] !== undefined) return KINDS["WORKER_METRIC_STATS"] ?? "";
  return "unreadable";
}
