import { fileLeases, type LeaseTable } from "@kinesis-connectors/leases";
import { mysqlLeaseTable } from "@kinesis-connectors/leases-mysql";
import { redisLeaseTable } from "@kinesis-connectors/leases-redis";
import { postgresLeaseTable } from "@kinesis-connectors/postgres";

/** Where the workers keep their leases, beside DynamoDB: told to their processes. */
export type LeaseStore =
  | { readonly type: "folder"; readonly folder: string }
  /** `name` is that of the table of this run alone. */
  | { readonly type: "server"; readonly url: string; readonly name: string };

/** Whether two processes can have it at once. */
export function isShared(store: LeaseStore | undefined): boolean {
  return store?.type !== "folder";
}

/** The table of one worker. */
export function leaseTableOf(store: LeaseStore, failoverTimeMs: number): LeaseTable {
  if (store.type === "folder") return fileLeases({ folder: store.folder });
  const { url, name } = store;
  const options = { application: name, connection: url, requestTimeoutMs: Math.ceil(failoverTimeMs / 3) };
  if (/^postgres(?:ql)?:/.test(url)) return postgresLeaseTable(options);
  return /^(?:mysql|mariadb):/.test(url) ? mysqlLeaseTable(options) : redisLeaseTable(options);
}
