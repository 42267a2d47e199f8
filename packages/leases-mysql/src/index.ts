export { mysqlLeaseTable } from "./mysql-lease-table.js";
export type { MysqlConnectionOptions, MysqlLeaseTableOptions, MysqlTlsOptions } from "./options.js";
