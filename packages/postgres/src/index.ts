export type { PostgresConnectionOptions, PostgresTlsOptions } from "./connection/options.js";
