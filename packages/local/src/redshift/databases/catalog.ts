/** Where everything lives that Redshift has and PostgreSQL has not; SQL is rewritten to name it. */
export const SCHEMA = "local_redshift";

/**
 * Made once per database, also by several processes at a time. Columns are those of STL_LOAD_ERRORS and
 * SYS_LOAD_ERROR_DETAIL in Redshift's developer guide.
 */
export const catalogSql: readonly string[] = [
  "BEGIN ISOLATION LEVEL READ COMMITTED",
  "SELECT pg_advisory_xact_lock(7236251)",
  `CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`,
  `CREATE TABLE IF NOT EXISTS ${SCHEMA}.load_errors (
    query bigint, tbl integer, table_name text, starttime timestamp, session integer, filename varchar(256),
    line_number bigint, colname varchar(127), type varchar(64), col_length varchar(10), position integer,
    raw_line varchar(1024), raw_field_value varchar(1024), err_code integer, err_reason varchar(100))`,
  `CREATE OR REPLACE VIEW ${SCHEMA}.stl_load_errors AS SELECT 100 AS userid, 0 AS slice, tbl, starttime, session, query,
    filename, line_number, colname, type, col_length, position, raw_line, raw_field_value, err_code, err_reason,
    0 AS is_partial, 0::bigint AS start_offset FROM ${SCHEMA}.load_errors`,
  `CREATE OR REPLACE VIEW ${SCHEMA}.sys_load_error_detail AS SELECT 100 AS user_id, query AS query_id,
    0::bigint AS transaction_id, session AS session_id, current_database() AS database_name, tbl AS table_id,
    starttime AS start_time, filename AS file_name, line_number, colname AS column_name, type AS column_type,
    col_length AS column_length, position, err_code AS error_code, err_reason AS error_message
    FROM ${SCHEMA}.load_errors`,
  `CREATE OR REPLACE FUNCTION ${SCHEMA}.getdate() RETURNS timestamp LANGUAGE sql STABLE
    AS $$SELECT (statement_timestamp() AT TIME ZONE 'UTC')::timestamp(0)$$`,
  `CREATE OR REPLACE FUNCTION ${SCHEMA}.sysdate() RETURNS timestamp LANGUAGE sql STABLE
    AS $$SELECT now() AT TIME ZONE 'UTC'$$`,
  `CREATE OR REPLACE FUNCTION ${SCHEMA}.json_parse(text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$SELECT $1::jsonb$$`,
  `CREATE OR REPLACE FUNCTION ${SCHEMA}.dateadd(unit text, count numeric, start timestamp) RETURNS timestamp
    LANGUAGE sql IMMUTABLE AS $$SELECT start + CASE WHEN lower(unit) IN ('quarter', 'quarters', 'qtr', 'qtrs')
      THEN trunc(count) * interval '3 months' ELSE (trunc(count)::text || ' ' || unit)::interval END$$`,
  `CREATE OR REPLACE FUNCTION ${SCHEMA}.pg_last_copy_count() RETURNS bigint LANGUAGE sql STABLE
    AS $$SELECT coalesce(nullif(current_setting('${SCHEMA}.last_copy_count', true), '')::bigint, 0)$$`,
  `CREATE OR REPLACE FUNCTION ${SCHEMA}.pg_last_copy_id() RETURNS bigint LANGUAGE sql STABLE
    AS $$SELECT coalesce(nullif(current_setting('${SCHEMA}.last_copy_id', true), '')::bigint, -1)$$`,
  "COMMIT",
];
