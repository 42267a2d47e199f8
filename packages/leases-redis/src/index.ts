export type { RedisConnectionOptions, RedisLeaseTableOptions, RedisTlsOptions } from "./options.js";
export { redisLeaseTable } from "./redis-lease-table.js";
