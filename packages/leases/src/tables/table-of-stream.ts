import { KinesisConnectorError } from "@kinesis-connectors/core";
import { checkedTable } from "./checked-table.js";
import type { Lease, StreamIdentity } from "../lease.js";
import type { LeaseTable } from "../lease-table.js";

/** Options of `tableOfStream`. */
export interface TableOfStreamOptions {
  /** The stream that the rows have to be of. */
  readonly stream: StreamIdentity;
  /** The name of the application, for the error. */
  readonly application: string;
  /** The table's name, for the error; undefined for a table of the caller's own. */
  readonly tableName: string | undefined;
}

/** Times of creation differ by less than this for one and the same stream, however a server writes them. */
const SAME_TIME_MS = 1_000;

/**
 * A lease table that holds the progress of one stream and says so: rows made here name the stream, and rows that others made (Java KCL)
 * do from the first commit on, when the stream has taken their checkpoint. A table with a row of another stream is not used.
 * @returns a table whose functions reject with `KC_LEASE_TABLE` for another stream's rows, and with `KC_STREAM_MISSING` for those of a
 * stream of the same name before
 */
export function tableOfStream(table: LeaseTable, options: TableOfStreamOptions): LeaseTable {
  const { stream } = options;
  const createdHere = new Set<string>();
  return {
    ...checkedTable(table, (lease) => refusalOf(lease, options)),
    create: async (lease) => {
      if (await table.create({ ...lease, stream })) {
        createdHere.add(lease.leaseKey);
        return true;
      }
      const found = await table.get(lease.leaseKey);
      const refusal = found === undefined ? undefined : refusalOf(found, options);
      if (refusal === undefined) return false;
      // Both applications started at once on an empty table: what was made here only just must not stand in the other's way.
      for (const leaseKey of createdHere) await table.remove(leaseKey);
      createdHere.clear();
      throw refusal;
    },
    update: (seen, change) =>
      table.update(
        seen,
        change.type === "commit" && seen.stream === undefined ? { ...change, stream } : change,
      ),
  };
}

/** Why a row must not be touched; undefined where it is the stream's own, or does not say. */
function refusalOf(
  { stream: found }: Lease,
  { stream, application, tableName }: TableOfStreamOptions,
): KinesisConnectorError | undefined {
  if (found === undefined) return undefined;
  const table = tableName === undefined ? "the lease table" : `the lease table ${tableName}`;
  if (found.streamArn !== stream.streamArn)
    return new KinesisConnectorError(
      "KC_LEASE_TABLE",
      `${table} of application "${application}" holds the progress of stream ${nameOf(found)} (${found.streamArn}), and this connector ` +
        `reads stream ${nameOf(stream)} (${stream.streamArn}): give this one another application (option application), or another table ` +
        "(option leaseTable)",
    );
  if (found.createdMs === undefined || stream.createdMs === undefined) return undefined;
  if (Math.abs(found.createdMs - stream.createdMs) < SAME_TIME_MS) return undefined;
  return new KinesisConnectorError(
    "KC_STREAM_MISSING",
    `stream ${nameOf(stream)} is another one than ${table} holds the progress of: that was created at ${timeOf(found.createdMs)}, this one ` +
      `at ${timeOf(stream.createdMs)}, after it was deleted. To read it from the start, delete the lease table, or give the option ` +
      "application another name",
  );
}

function nameOf({ streamArn }: StreamIdentity): string {
  return streamArn.slice(streamArn.lastIndexOf("/") + 1);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
