import type { Secret } from "@kinesis-connectors/core/config";

/** Leases in another store than DynamoDB. Its package is installed beside the file. */
export interface LeaseStoreConfig {
  /**
   * The server: `postgres://` (`@kinesis-connectors/postgres`), `mysql://` (`@kinesis-connectors/leases-mysql`), `redis://` or `rediss://`
   * (`@kinesis-connectors/leases-redis`), with user, password and database; best `{ env: LEASES_URL }`.
   * @writeOnly true
   */
  readonly url: Secret;
  /** The table, or the key in Redis. Default: made of the application's name. */
  readonly table?: string;
}
