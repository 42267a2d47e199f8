import { SCHEMA } from "../databases/catalog.js";
import type { LoadError } from "./copy-load.js";
import type { Session } from "../databases/database.js";
import { quoteLiteral } from "../sql/sql-tokens.js";

/** Writes rows of the load-error views, in a session of their own: what the load did is undone, these are not. */
export async function writeLoadErrors(
  session: Session,
  queryId: number,
  nowMs: number,
  errors: readonly LoadError[],
): Promise<void> {
  if (errors.length === 0) return;
  const rows = errors.map((error) => {
    const { column, problem } = error;
    const values = [
      error.tableName,
      new Date(nowMs).toISOString(),
      error.fileUrl.slice(0, 256),
      column?.name ?? "",
      column === undefined ? "" : shortType(column.type),
      column?.maxBytes === undefined ? "0" : String(column.maxBytes),
      shown(error.raw),
      shown(error.rawField),
      problem.reason.slice(0, 100),
    ].map(quoteLiteral);
    const [table, time, file, name, type, length, raw, field, reason] = values;
    return `(${queryId}, 0, ${table}, ${time}, 0, ${file}, ${error.line}, ${name}, ${type}, ${length}, 0, ${raw}, ${field},
      ${problem.code}, ${reason})`;
  });
  await session.query(
    `INSERT INTO ${SCHEMA}.load_errors (query, tbl, table_name, starttime, session, filename, line_number, colname, type,
      col_length, position, raw_line, raw_field_value, err_code, err_reason) VALUES ${rows.join(", ")}`,
  );
}

/** PostgreSQL keeps no NUL and no half of a surrogate pair, and the views show 1,024 characters. */
function shown(text: string): string {
  return Buffer.from(text.replaceAll("\0", "").slice(0, 1024)).toString();
}

function shortType(type: string): string {
  const names: Readonly<Record<string, string>> = {
    "character varying": "varchar",
    character: "char",
    smallint: "int2",
    integer: "int4",
    bigint: "int8",
    real: "float4",
    "double precision": "float8",
    boolean: "bool",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
  };
  return names[type] ?? type;
}
