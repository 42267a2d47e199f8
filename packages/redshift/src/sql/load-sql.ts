import { type CopySettings, copySql } from "./copy.js";
import { quotedId, quotedName, quotedText, ROW_NUMBER_COLUMN, STAGE, type TableName } from "./identifiers.js";
import { MAX_LOAD_ERRORS } from "../limits.js";

/** The target of a load, all of it checked and quoted. */
export interface LoadTarget {
  readonly table: TableName;
  readonly ledger: TableName;
  /** Columns in double quotes; undefined for all of the table. */
  readonly columns: readonly string[] | undefined;
  /** Columns that make a row the same row; empty for loads that only add. */
  readonly mergeKeys: readonly string[];
  /** Columns that the table fills by itself and that the stage goes without. */
  readonly identityColumns: readonly string[];
  readonly copy: CopySettings;
}

/** One line of the ledger: a batch, or an object of a manifest. */
export interface LedgerEntry {
  /** 32 hex digits. */
  readonly loadId: string;
  /** Hash of the rows that were loaded under the id, in hex. */
  readonly contentSha256: string;
  /** Rows, where they are known. */
  readonly recordCount: number | undefined;
}

/** One load: a manifest and what the ledger will say of it. */
export interface Load {
  readonly manifestUrl: string;
  readonly entries: readonly LedgerEntry[];
  /** 32 hex digits; who of several loaders put the rows in. */
  readonly loader: string;
}

/** Columns of the ledger, in order. */
const LEDGER_COLUMNS = ["load_id", "target", "loader", "content_sha256", "record_count"] as const;

const ROW_NUMBER: string = quotedName("stage", ROW_NUMBER_COLUMN);

/**
 * The one transaction of a load. The order is what makes it safe under snapshot isolation: the snapshot is fixed by the first read, so the ledger is
 * locked before anything is read. Of several loaders of one batch the first one through the lock loads, and the others find its ledger row.
 */
export function loadSql(target: LoadTarget, load: Load): readonly string[] {
  const { ledger, copy } = target;
  const isNew = `NOT EXISTS (${knownSql(target, load.entries)})`;
  return [
    `LOCK ${ledger.sql}`,
    ...stageSql(target),
    copySql(copy, load.manifestUrl, stagedColumns(target), 0),
    ...insertSql(target, isNew),
    ledgerSql(target, load, isNew),
    `DROP TABLE ${STAGE}`,
    ledgerRowsSql(target, load.entries),
  ];
}

/** COPY into a stage that is dropped again: each row that does not load is named in the view of load errors, under the id that is returned. */
export function probeSql(target: LoadTarget, manifestUrl: string): readonly string[] {
  return [
    ...stageSql(target),
    copySql(target.copy, manifestUrl, stagedColumns(target), MAX_LOAD_ERRORS),
    `DROP TABLE ${STAGE}`,
    "SELECT pg_last_copy_id() AS query_id",
  ];
}

/** What the database says of the rows that a COPY refused (developer guide, SYS_LOAD_ERROR_DETAIL; one's own loads are visible to everybody). */
export function loadErrorsSql(queryId: number): string {
  if (!Number.isSafeInteger(queryId)) throw new RangeError("the id of a query is not a whole number");
  return (
    "SELECT TRIM(file_name) AS file_name, line_number, TRIM(column_name) AS column_name, error_code, TRIM(error_message) AS error_message " +
    `FROM sys_load_error_detail WHERE query_id = ${queryId}`
  );
}

/** The ledger's rows of these loads. */
export function ledgerRowsSql(target: LoadTarget, entries: readonly Pick<LedgerEntry, "loadId">[]): string {
  return `SELECT load_id, loader, content_sha256 FROM ${target.ledger.sql} WHERE ${ofLoads(target, entries)}`;
}

/** One row of the ledger, of whichever load into the table. */
export function anyLoadSql(target: LoadTarget): string {
  return `SELECT load_id FROM ${target.ledger.sql} WHERE target = ${targetText(target)} LIMIT 1`;
}

/** Reads nothing, and fails unless the tables and columns are there. */
export function checkSql({ table, ledger, columns }: LoadTarget): readonly string[] {
  return [
    `SELECT ${columns?.join(", ") ?? "*"} FROM ${table.sql} WHERE 1 = 0`,
    `SELECT ${LEDGER_COLUMNS.join(", ")} FROM ${ledger.sql} WHERE 1 = 0`,
  ];
}

function stageSql({ table, identityColumns, mergeKeys }: LoadTarget): readonly string[] {
  return [
    // A table like the target, so that COPY meets the very types, lengths and NOT NULLs, and names the row that breaks them.
    `CREATE TEMP TABLE ${STAGE} (LIKE ${table.sql} INCLUDING DEFAULTS)`,
    ...identityColumns.map((column) => `ALTER TABLE ${STAGE} DROP COLUMN ${column}`),
    ...(mergeKeys.length === 0 ? [] : [`ALTER TABLE ${STAGE} ADD COLUMN ${ROW_NUMBER} BIGINT`]),
  ];
}

function stagedColumns({ columns, mergeKeys }: LoadTarget): readonly string[] | undefined {
  return columns === undefined || mergeKeys.length === 0 ? columns : [...columns, ROW_NUMBER];
}

function insertSql(target: LoadTarget, isNew: string): readonly string[] {
  const { table, columns, mergeKeys } = target;
  const list = columns?.join(", ");
  const into = `INSERT INTO ${table.sql}${list === undefined ? "" : ` (${list})`}`;
  if (mergeKeys.length === 0 || list === undefined)
    return [`${into} SELECT ${list ?? "*"} FROM ${STAGE} WHERE ${isNew}`];
  const sameRow = mergeKeys.map((key) => `${table.reference}.${key} = ${STAGE}.${key}`).join(" AND ");
  // Of several versions of a row in one load the last one counts, whatever the database holds to be the same key.
  const newest =
    `SELECT *, ROW_NUMBER() OVER (PARTITION BY ${mergeKeys.join(", ")} ORDER BY ${ROW_NUMBER} DESC) AS kc_rank ` +
    `FROM ${STAGE}`;
  return [
    `DELETE FROM ${table.sql} USING ${STAGE} WHERE ${sameRow} AND ${isNew}`,
    `${into} SELECT ${list} FROM (${newest}) AS kc_newest WHERE kc_rank = 1 AND ${isNew}`,
  ];
}

function ledgerSql(target: LoadTarget, load: Load, isNew: string): string {
  const rows = load.entries.map(
    ({ loadId, contentSha256, recordCount }) =>
      `SELECT ${quotedId(loadId)} AS load_id, ${quotedId(contentSha256)} AS content_sha256, ${countSql(recordCount)} AS record_count`,
  );
  return (
    `INSERT INTO ${target.ledger.sql} (${LEDGER_COLUMNS.join(", ")}) ` +
    `SELECT kc_new.load_id, ${targetText(target)}, ${quotedId(load.loader)}, kc_new.content_sha256, kc_new.record_count ` +
    `FROM (${rows.join(" UNION ALL ")}) AS kc_new WHERE ${isNew}`
  );
}

function countSql(count: number | undefined): string {
  return `CAST(${count === undefined ? "NULL" : Math.trunc(count)} AS BIGINT)`;
}

function knownSql(target: LoadTarget, entries: readonly LedgerEntry[]): string {
  return `SELECT 1 FROM ${target.ledger.sql} WHERE ${ofLoads(target, entries)}`;
}

function ofLoads(target: LoadTarget, entries: readonly Pick<LedgerEntry, "loadId">[]): string {
  return `target = ${targetText(target)} AND load_id IN (${entries.map(({ loadId }) => quotedId(loadId)).join(", ")})`;
}

function targetText({ table }: LoadTarget): string {
  return quotedText("table", table.text);
}
