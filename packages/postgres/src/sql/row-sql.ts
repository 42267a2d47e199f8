import { GUARD_COLUMNS } from "../settings.js";
import type { Column, Target } from "../target/target.js";

/** How an upsert compares a row with the one before it. */
export interface RowSqlOptions {
  /**
   * Whether a row takes the place of one of the same position. Only where the outputs of one record were divided over several statements, in their order.
   */
  readonly overEqual?: boolean;
}

/** The statement that writes rows: one parameter for each column, an array of as many elements as there are rows. */
export function rowSql<Row>(target: Target<Row>, options: RowSqlOptions = {}): string {
  return target.mode.type === "insert" ? insertSql(target) : upsertSql(target, options);
}

function insertSql<Row>({ tableSql, columns }: Target<Row>): string {
  const names = columns.map(({ sql }) => sql).join(", ");
  const values = columns.map(valueSql).join(", ");
  return `INSERT INTO ${tableSql} (${names}) SELECT ${values} FROM ${unnestSql(columns.map(({ parameterType }) => parameterType))}`;
}

/** The rows of a statement as a table `u` of the columns c0, c1, ... */
function unnestSql(types: readonly string[], ordinality = ""): string {
  const parameters = types.map((type, index) => `$${index + 1}::${type}[]`).join(", ");
  const names = types.map((_, index) => `c${index}`);
  return `unnest(${parameters})${ordinality === "" ? "" : " WITH ORDINALITY"} AS u(${[...names, ...(ordinality === "" ? [] : [ordinality])].join(", ")})`;
}

function valueSql({ castType }: Column, index: number): string {
  return castType === undefined ? `u.c${index}` : `u.c${index}::${castType}`;
}

/**
 * Of rows of one key in one statement only the last may remain: ON CONFLICT refuses to touch a row twice (21000). The database itself says which keys are
 * equal, by the rules of their types.
 */
function upsertSql<Row>(
  { tableSql, columns, mode }: Target<Row>,
  { overEqual = false }: RowSqlOptions,
): string {
  if (mode.type !== "upsert") throw new TypeError("no upsert");
  const { guarded } = mode;
  const removes = mode.remove !== undefined;
  const guards = guarded ? [GUARD_COLUMNS.sequence, GUARD_COLUMNS.sub].map((name) => `"${name}"`) : [];
  const flag = removes ? [`"${GUARD_COLUMNS.removed}"`] : [];
  const own = [...guards, ...flag];
  const types = [
    ...columns.map(({ parameterType }) => parameterType),
    ...(guarded ? ["numeric", "bigint"] : []),
    ...(removes ? ["boolean"] : []),
  ];
  const values = [...columns.map(valueSql), ...own.map((_, index) => `u.c${columns.length + index}`)];
  const keys = columns.flatMap((column, index) => (column.isKey ? [valueSql(column, index)] : []));
  const keyNames = columns.flatMap(({ isKey, sql }) => (isKey ? [sql] : []));
  // A row that is deleted outright leaves no flag behind.
  const written = [...columns.map(({ sql }) => sql), ...guards, ...(guarded ? flag : [])];
  const named = [...columns.map(({ sql }) => sql), ...own].map((sql, index) => `${values[index]} AS ${sql}`);
  const last =
    `SELECT DISTINCT ON (${keys.join(", ")}) ${named.join(", ")} FROM ${unnestSql(types, "ordinal")} ` +
    `ORDER BY ${keys.join(", ")}, u.ordinal DESC`;
  const deletes = removes && !guarded;
  const gone = deletes
    ? `, gone AS (DELETE FROM ${tableSql} AS kept USING last WHERE last.${flag.join()} AND ${columns.flatMap(sameKeySql).join(" AND ")})`
    : "";
  return (
    `WITH last AS (${last})${gone} INSERT INTO ${tableSql} AS kept (${written.join(", ")}) ` +
    `SELECT ${written.map((name) => `last.${name}`).join(", ")} FROM last${deletes ? ` WHERE NOT last.${flag.join()}` : ""} ` +
    `ON CONFLICT (${keyNames.join(", ")}) ${changeSql(written, keyNames, guards, overEqual)}`
  );
}

/** A key as the column has rounded it when it was written. */
function sameKeySql({ isKey, sql, roundedType }: Column): string[] {
  return isKey ? [`kept.${sql} = last.${sql}${roundedType === undefined ? "" : `::${roundedType}`}`] : [];
}

function changeSql(
  written: readonly string[],
  keys: readonly string[],
  guards: readonly string[],
  overEqual: boolean,
): string {
  const changed = written.filter((name) => !keys.includes(name));
  if (changed.length === 0) return "DO NOTHING";
  const set = changed.map((name) => `${name} = excluded.${name}`).join(", ");
  if (guards.length === 0) return `DO UPDATE SET ${set}`;
  // Rows that were there before the columns of the guard have no position: anything is newer.
  const [first] = guards;
  const positions = (table: string): string => `(${guards.map((name) => `${table}.${name}`).join(", ")})`;
  return `DO UPDATE SET ${set} WHERE kept.${first} IS NULL OR ${positions("kept")} ${overEqual ? "<=" : "<"} ${positions("excluded")}`;
}
