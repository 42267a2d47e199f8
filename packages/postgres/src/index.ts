export type { PostgresConnectionOptions, PostgresTlsOptions } from "./connection/options.js";
export type { PostgresConnect, PostgresSession } from "./connection/session.js";
export {
  insert,
  type InsertMode,
  type PostgresMode,
  upsert,
  type UpsertMode,
  type UpsertOptions,
} from "./modes.js";
export { postgresEmitter, type PostgresPlan } from "./postgres-emitter.js";
export type { PostgresEmitterOptions } from "./settings.js";
export type { PostgresLeaseTableOptions } from "./lease-table/options.js";
export { postgresLeaseTable } from "./lease-table/postgres-lease-table.js";
