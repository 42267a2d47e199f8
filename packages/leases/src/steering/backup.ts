import { invalidOption, KinesisConnectorError } from "@kinesis-connectors/core";
import { leaseFromStored, type StoredLease, storedOf } from "../file-leases/lease-file.js";
import type { Lease } from "../lease.js";
import type { LeaseTable } from "../lease-table.js";
import { type ResetTarget, SEQUENCE_NUMBER } from "./reset-target.js";

/** All rows of a table, as JSON can hold them. */
export interface LeaseBackup {
  readonly format: typeof FORMAT;
  readonly v: 1;
  readonly rows: readonly StoredLease[];
}

const FORMAT = "kinesis-connectors lease rows";
const SENTINELS: readonly unknown[] = ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP", "SHARD_END"];

/**
 * All rows as they are now, for a file: `JSON.stringify` it. Rows that are no leases are left out.
 * @throws what the table throws
 */
export async function backupLeases(table: LeaseTable): Promise<LeaseBackup> {
  const rows = (await table.list()).toSorted((a, b) => (a.leaseKey < b.leaseKey ? -1 : 1));
  return { format: FORMAT, v: 1, rows: rows.map(storedOf) };
}

/**
 * The target of a reset to the checkpoints of a backup, by the rules of any reset: `planReset({ to: restoreFrom(text), ... })`.
 *
 * @param backup what `backupLeases` returned, or the JSON of it
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when it is none
 */
export function restoreFrom(backup: unknown): Extract<ResetTarget, { readonly type: "rows" }> {
  const value = typeof backup === "string" ? parsed(backup) : backup;
  if (!isBackup(value))
    throw invalidOption(
      `backup must be what backupLeases returned: it has no format "${FORMAT}" of version 1`,
    );
  const rows = value.rows.map((row, index) => rowOf(row, index));
  const keys = new Set<string>();
  for (const { leaseKey } of rows) {
    // Two copies put together: which of them is meant, nobody can tell.
    if (keys.has(leaseKey)) throw invalidOption(`backup: ${leaseKey} has two rows; take another copy`);
    keys.add(leaseKey);
  }
  return { type: "rows", rows };
}

function rowOf(stored: unknown, index: number): Lease {
  try {
    const lease = leaseFromStored(stored);
    if (typeof lease === "string")
      throw invalidOption(`backup: row ${index + 1} cannot be understood: ${lease}`);
    if (!isCheckpoint(lease.checkpoint))
      throw invalidOption(
        `backup: the checkpoint of ${lease.leaseKey} is neither a position nor one of ${SENTINELS.join(", ")}`,
      );
    const { checkpoint, startTimestampMs, readThroughMs } = lease;
    for (const [name, ms] of Object.entries({ startTimestampMs, readThroughMs }))
      if (ms !== undefined && !(Number.isSafeInteger(ms) && ms >= 0))
        throw invalidOption(`backup: ${name} of ${lease.leaseKey} is no time; take another copy`);
    if (checkpoint === "AT_TIMESTAMP" && startTimestampMs === undefined)
      throw invalidOption(
        `backup: ${lease.leaseKey} stands at a time (AT_TIMESTAMP), and which one is missing; take another copy`,
      );
    return lease;
  } catch (thrown) {
    if (KinesisConnectorError.isInstance(thrown)) throw thrown;
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `backup: row ${index + 1} cannot be understood; take another copy`,
      {
        cause: thrown,
      },
    );
  }
}

function isCheckpoint(checkpoint: unknown): boolean {
  if (SENTINELS.includes(checkpoint)) return true;
  if (typeof checkpoint !== "object" || checkpoint === null) return false;
  const { sequenceNumber, subSequenceNumber } = checkpoint as Readonly<Record<string, unknown>>;
  return (
    typeof sequenceNumber === "string" &&
    SEQUENCE_NUMBER.test(sequenceNumber) &&
    Number.isSafeInteger(subSequenceNumber) &&
    (subSequenceNumber as number) >= 0
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      "backup is no JSON: take the file that the backup was written to",
      {
        cause: thrown,
      },
    );
  }
}

function isBackup(value: unknown): value is { readonly rows: readonly unknown[] } {
  return (
    typeof value === "object" &&
    value !== null &&
    "format" in value &&
    value.format === FORMAT &&
    "v" in value &&
    value.v === 1 &&
    "rows" in value &&
    Array.isArray(value.rows)
  );
}
