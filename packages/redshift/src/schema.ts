import { checkOptions, type OptionNames, invalidOption } from "@kinesis-connectors/core";
import { columnNames, quotedName, tableName } from "./sql/identifiers.js";

/** A column of a table to be made. */
export interface ColumnDefinition {
  readonly name: string;
  /** A Redshift type, with its length or precision where it has one: `VARCHAR(64)`, `DECIMAL(12,2)`, `BIGINT`. */
  readonly type: string;
  /** Default false. */
  readonly notNull?: boolean;
}

/** Options of `tableSchema`. */
export interface TableSchemaOptions {
  /** The name of the table, with its schema where it has one. */
  readonly table: string;
  /** The columns, in the order of the table. */
  readonly columns: readonly ColumnDefinition[];
  /** The column that rows are distributed by; with `mergeKeys` it should be one of them. Default: Redshift chooses. */
  readonly distributionKey?: string;
  /** The columns that rows are sorted by. Default: Redshift chooses. */
  readonly sortKeys?: readonly string[];
}

const PLAIN = new Set([
  "SMALLINT",
  "INTEGER",
  "BIGINT",
  "REAL",
  "DOUBLE PRECISION",
  "BOOLEAN",
  "DATE",
  "TIME",
  "TIMETZ",
  "TIMESTAMP",
  "TIMESTAMPTZ",
  "SUPER",
]);

/** Largest lengths in bytes (developer guide, "Character types" and "VARBYTE type"). */
const MAX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ["CHAR", 4096],
  ["VARCHAR", 65_535],
  ["VARBYTE", 1_024_000],
]);

const NAMES: OptionNames<TableSchemaOptions> = {
  table: "required",
  columns: "required",
  distributionKey: true,
  sortKeys: true,
};

const COLUMN: OptionNames<ColumnDefinition> = { name: true, type: true, notNull: true };

/**
 * The CREATE TABLE of a target. Nothing is guessed: a text column without a length, or a DECIMAL without precision and scale, is refused, because
 * Redshift's own defaults (256 characters; 18 digits and none after the point) cut or refuse data later.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the column
 */
export function tableSchema(options: TableSchemaOptions): string {
  checkOptions("tableSchema", options, NAMES);
  const { columns, distributionKey, sortKeys = [] } = options;
  const table = tableName("table", options.table);
  for (const column of columns) checkOptions("each of tableSchema's columns", column, COLUMN);
  const names = columns.map(({ name }) => name);
  const quoted = columnNames("columns", names);
  const own = (option: string, name: string): string => {
    if (!names.includes(name)) throw invalidOption(`${option} names ${name}, which is not among the columns`);
    return quotedName(option, name);
  };
  const lines = columns.map(
    ({ name, type, notNull }, index) =>
      `  ${quoted[index]} ${checkedType(name, type)}${notNull === true ? " NOT NULL" : ""}`,
  );
  const keys = [
    ...(distributionKey === undefined ? [] : [`DISTKEY (${own("distributionKey", distributionKey)})`]),
    ...(sortKeys.length === 0 ? [] : [`SORTKEY (${sortKeys.map((key) => own("sortKeys", key)).join(", ")})`]),
  ];
  return `CREATE TABLE ${table.sql} (\n${lines.join(",\n")}\n)${keys.map((key) => `\n${key}`).join("")};\n`;
}

/**
 * The CREATE TABLE of a ledger.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function ledgerSchema(ledgerTable: string = "kc_ledger"): string {
  const table = tableName("ledgerTable", ledgerTable);
  return `CREATE TABLE ${table.sql} (
  load_id VARCHAR(64) NOT NULL,
  target VARCHAR(255) NOT NULL,
  loader VARCHAR(64) NOT NULL,
  content_sha256 VARCHAR(64) NOT NULL,
  record_count BIGINT,
  loaded_at TIMESTAMP DEFAULT SYSDATE
)
SORTKEY (load_id);
`;
}

function checkedType(column: string, type: string): string {
  const text = typeof type === "string" ? type.toUpperCase().replaceAll(/\s+/g, " ").trim() : "";
  if (PLAIN.has(text)) return text;
  const sized = /^(CHAR|VARCHAR|VARBYTE) ?\( ?(\d+|MAX) ?\)$/.exec(text);
  if (sized?.[1] !== undefined) {
    const most = MAX_LENGTHS.get(sized[1]) ?? 0;
    const length = sized[2] === "MAX" ? most : Number(sized[2]);
    if (length < 1 || length > most) throw invalidOption(`the column ${column} may have 1 to ${most} bytes`);
    return `${sized[1]}(${length})`;
  }
  const exact = /^(?:DECIMAL|NUMERIC) ?\( ?(\d+) ?, ?(\d+) ?\)$/.exec(text);
  if (exact !== null) {
    const [precision, scale] = [Number(exact[1]), Number(exact[2])];
    if (precision < 1 || precision > 38 || scale > precision)
      throw invalidOption(
        `the column ${column} may have 1 to 38 digits, and no more of them after the point`,
      );
    return `DECIMAL(${precision},${scale})`;
  }
  if (/^(?:CHAR|VARCHAR|VARBYTE|TEXT)$/.test(text))
    throw invalidOption(`the column ${column} needs a length, such as VARCHAR(256): it is not guessed`);
  if (/^(?:DECIMAL|NUMERIC)/.test(text))
    throw invalidOption(
      `the column ${column} needs precision and scale, such as DECIMAL(12,2): they are not guessed`,
    );
  throw invalidOption(
    `the column ${column} needs one of the types ${[...PLAIN].join(", ")}, CHAR(n), VARCHAR(n), VARBYTE(n) or DECIMAL(p,s)`,
  );
}
