export { startPglite } from "./pglite.js";
export { startMariadb } from "./mariadb.js";
export { startPostgres, type StartPostgresOptions } from "./postgres.js";
export { startRedis, type StartRedisOptions } from "./redis.js";
export { describeOn, type Suites } from "./describe-on.js";
export { isOurs, type ServerProcess, type TestServer } from "./test-server.js";
export { type AnswerCutter, startAnswerCutter } from "./answer-cutter.js";
