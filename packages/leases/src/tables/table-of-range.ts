import { KinesisConnectorError } from "@kinesis-connectors/core";
import { checkedTable } from "./checked-table.js";
import type { Lease } from "../lease.js";
import type { LeaseTable } from "../lease-table.js";

/** Options of `tableOfRange`. */
export interface TableOfRangeOptions {
  /** Where the range of time ends that the application reads, in epoch milliseconds; undefined for one that reads on and on. */
  readonly untilMs: number | undefined;
  /** The name of the application, for the error. */
  readonly application: string;
}

/**
 * A lease table that keeps applications apart that read to a moment, and those that read on: the rows of the first end with SHARD_END while their shards go
 * on, and whoever went on from them would leave out what came later, in silence.
 * @returns a table whose functions reject with `KC_LEASE_TABLE` for rows of the other kind, or of another moment
 */
export function tableOfRange(table: LeaseTable, options: TableOfRangeOptions): LeaseTable {
  const { untilMs } = options;
  return {
    ...checkedTable(table, (lease) => refusalOf(lease, options)),
    create: (lease) => table.create(untilMs === undefined ? lease : { ...lease, untilMs }),
  };
}

/** Why a row must not be touched; undefined where it is of this application. */
function refusalOf(
  { untilMs: found }: Lease,
  { untilMs, application }: TableOfRangeOptions,
): KinesisConnectorError | undefined {
  if (found === untilMs) return undefined;
  const has = found === undefined ? "has been read without until" : `has been read until ${timeOf(found)}`;
  const asked =
    untilMs === undefined ? "is now to be read without it" : `is now to be read until ${timeOf(untilMs)}`;
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `application "${application}" ${has}, and ${asked}: its lease table says what was read for the first purpose only; give this one another ` +
      "application (option application), or take the same until",
  );
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
