const KiB = 1024;

/** Statements that are submitted, picked or started at a time. "Quotas for Amazon Redshift", Data API. */
export const MAX_ACTIVE_STATEMENTS = 200;
/** Bytes of SQL text in one call. "Using the Amazon Redshift Data API", considerations. */
export const MAX_SQL_BYTES: number = 100 * KiB;
/** Statements in one batch: API reference, BatchExecuteStatement, `Sqls`. */
export const MAX_BATCH_STATEMENTS = 40;
/** How long a ClientToken is remembered: "Idempotency considerations" of the Data API. */
export const CLIENT_TOKEN_AGE_MS: number = 8 * 3_600_000;
/** How long a statement and its result can be asked for: the Data API's considerations. */
export const STATEMENT_AGE_MS: number = 24 * 3_600_000;
/** `WaitTimeSeconds`: API reference. */
export const MAX_WAIT_SECONDS = 30;
/** `SessionKeepAliveSeconds`: API reference, 24 hours. */
export const MAX_KEEP_ALIVE_SECONDS = 86_400;
/** ListStatements, `MaxResults`: API reference. */
export const MAX_LISTED = 100;
/** Bytes of a request: SQL, parameters and names fit many times. */
export const MAX_REQUEST_BYTES: number = 1024 * KiB;
/** Bytes of a result: the Data API's considerations say 500 MB. */
export const MAX_RESULT_BYTES: number = 500 * KiB * KiB;
/** One input row of COPY: "Data Conversion Parameters" and "COPY from JSON format" say 4 MB. */
export const MAX_ROW_BYTES: number = 4 * KiB * KiB;
