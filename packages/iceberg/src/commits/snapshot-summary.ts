import type { Snapshot } from "../catalog/metadata.js";
import type { DataFile } from "../files/data-file.js";

/** Totals that grow with an append, and what they grow by (Iceberg table spec, appendix F "Optional Snapshot Summary Fields"). */
const GROWING = {
  "total-records": "added-records",
  "total-data-files": "added-data-files",
  "total-files-size": "added-files-size",
} as const;

/** Totals that an append leaves as they are. */
const KEPT = ["total-delete-files", "total-position-deletes", "total-equality-deletes"] as const;

/** The summary of an append. Totals that the parent does not have cannot be told. */
export function summaryOf(
  files: readonly DataFile[],
  parent: Snapshot | undefined,
  positions: Readonly<Record<string, string>>,
): NonNullable<Snapshot["summary"]> {
  const partitions = new Set(files.map(({ specId, partition }) => JSON.stringify([specId, partition])));
  const added: Readonly<Record<string, string>> = {
    "added-data-files": String(files.length),
    "added-records": String(files.reduce((sum, { rows }) => sum + rows, 0)),
    "added-files-size": String(files.reduce((sum, { bytes }) => sum + bytes, 0)),
    "changed-partition-count": String(partitions.size),
  };
  // Version 1 knows snapshots without a summary.
  const before: Readonly<Record<string, string>> | undefined =
    parent === undefined ? undefined : (parent.summary ?? {});
  const totals: Record<string, string> = {};
  for (const [total, part] of Object.entries(GROWING)) {
    const known = before === undefined ? "0" : before[total];
    if (known !== undefined) totals[total] = String(Number(known) + Number(added[part]));
  }
  for (const total of KEPT) {
    const known = before === undefined ? "0" : before[total];
    if (known !== undefined) totals[total] = known;
  }
  return { operation: "append", ...added, ...totals, ...positions };
}
