import {
  checkOptions,
  invalidOption,
  type KinesisRecord,
  type OptionNames,
  wholeNumber,
} from "@kinesis-connectors/core";
import {
  CONNECTION_OPTIONS,
  connectionSettings,
  type PostgresConnectionOptions,
} from "./connection/options.js";
import { pgConnect } from "./connection/pg-session.js";
import type { PostgresConnect } from "./connection/session.js";
import {
  DEFAULT_MAX_CONNECTIONS,
  DEFAULT_REQUEST_TIMEOUT_MS,
  DEFAULT_ROWS_PER_STATEMENT,
  MAX_RETENTION_HOURS,
  MIN_RETENTION_HOURS,
} from "./limits.js";
import type { InsertMode, PostgresMode, UpsertMode } from "./modes.js";
import { besideTable, quotedName, type TableName, tableName } from "./sql/identifiers.js";

/** Options of `postgresEmitter`. */
export interface PostgresEmitterOptions<Row> {
  /**
   * The server, the database and the user; or a URL, `postgres://user:password@host:5432/database`; or a function that opens connections by a driver of one's
   * own.
   */
  readonly connection: string | PostgresConnectionOptions | PostgresConnect;
  /** The table, or `schema.table`, exactly as the catalog shows it. It must exist. */
  readonly table: string;
  /**
   * The columns that are written, each with its type: `{ at: "timestamptz", page: "text", ms: "integer" }`. A column takes the field of its name; what a row
   * has beside them is left out, and where a row has none, NULL is written.
   */
  readonly columns: { readonly [Name in keyof Row & string]?: string };
  /** `insert()` adds each row; `upsert({ key })` keeps the last one of each key. Default `insert()`. */
  readonly mode?: PostgresMode<Row>;
  /**
   * The table that keeps the position of each shard, in the same database, for it moves in the transaction that writes the rows. Applications, streams and
   * tables may share one. Default `kc_positions`, beside the table.
   */
  readonly positions?: string;
  /** Creates `positions` where it is missing. Default true. */
  readonly createPositions?: boolean;
  /**
   * The longest retention that the stream has, or will have, in hours: the position of a shard that nothing was written of for as long and a day is
   * removed, because none of its records can come again. Default 8,760, the longest there is.
   */
  readonly retentionHours?: number;
  /** Rows in one statement. Default 5,000. */
  readonly maxRowsPerStatement?: number;
  /** Connections at a time, of all shards together: each shard under way takes one. Default 16. */
  readonly maxConnections?: number;
  /** Time limit of a statement, waiting for locks included, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
}

const NAMES: OptionNames<PostgresEmitterOptions<unknown>> = {
  connection: CONNECTION_OPTIONS,
  table: "required",
  columns: "required",
  mode: true,
  positions: true,
  createPositions: true,
  retentionHours: true,
  maxRowsPerStatement: true,
  maxConnections: true,
  requestTimeoutMs: true,
};

/** A column, as the options name it. */
export interface ColumnSetting {
  readonly name: string;
  readonly sql: string;
  /** The type as it was given: text that the server is asked about, and never a part of a statement. */
  readonly type: string;
}

/** A mode, checked and complete. */
export type ModeSetting<Row> =
  | InsertMode
  | {
      readonly type: "upsert";
      readonly key: readonly string[];
      readonly guarded: boolean;
      readonly remove: ((row: Row, record: KinesisRecord) => boolean) | undefined;
    };

/** `PostgresEmitterOptions`, checked and complete. */
export interface Settings<Row> {
  readonly connect: PostgresConnect;
  readonly table: TableName;
  readonly columns: readonly ColumnSetting[];
  readonly mode: ModeSetting<Row>;
  readonly positions: TableName;
  readonly createPositions: boolean;
  readonly retentionHours: number;
  readonly maxRowsPerStatement: number;
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
}

/** Columns of ours in the table of a guarded mode. */
export const GUARD_COLUMNS = { sequence: "kc_seq", sub: "kc_sub", removed: "kc_removed" } as const;

/**
 * Checks the options and fills in the defaults.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function settingsFrom<Row>(options: PostgresEmitterOptions<Row>): Settings<Row> {
  checkOptions("postgresEmitter", options, NAMES);
  if (options.connection === undefined)
    throw invalidOption("connection is missing: postgresEmitter needs it");
  const table = tableName("table", options.table);
  const columns = columnsOf(options.columns);
  const positions =
    options.positions === undefined
      ? besideTable("positions", table, "kc_positions")
      : tableName("positions", options.positions);
  if (positions.sql === table.sql) throw invalidOption("positions must be another table than table");
  const { createPositions = true } = options;
  if (typeof createPositions !== "boolean") throw invalidOption("createPositions must be true or false");
  const number = (
    name: "retentionHours" | "maxRowsPerStatement" | "maxConnections" | "requestTimeoutMs",
    fallback: number,
    range: { readonly min: number; readonly max?: number } = { min: 1 },
  ): number => wholeNumber(name, options[name] ?? fallback, range);
  return {
    connect:
      typeof options.connection === "function"
        ? options.connection
        : pgConnect(connectionSettings("postgresEmitter", options.connection)),
    table,
    columns,
    mode: modeFrom(options.mode ?? { type: "insert" }, columns),
    positions,
    createPositions,
    retentionHours: number("retentionHours", MAX_RETENTION_HOURS, {
      min: MIN_RETENTION_HOURS,
      max: MAX_RETENTION_HOURS,
    }),
    maxRowsPerStatement: number("maxRowsPerStatement", DEFAULT_ROWS_PER_STATEMENT),
    maxConnections: number("maxConnections", DEFAULT_MAX_CONNECTIONS),
    // The server's time limits are numbers of 32 bits.
    requestTimeoutMs: number("requestTimeoutMs", DEFAULT_REQUEST_TIMEOUT_MS, { min: 1, max: 2 ** 31 - 1 }),
  };
}

function columnsOf(columns: object): readonly ColumnSetting[] {
  if (typeof columns !== "object" || columns === null || Array.isArray(columns))
    throw invalidOption('columns must say the type of each column: { page: "text", ms: "integer" }');
  const entries = Object.entries(columns) as [string, unknown][];
  if (entries.length === 0) throw invalidOption("columns must have at least one column");
  return entries.map(([name, type]) => {
    if (typeof type !== "string" || type.trim() === "" || type.includes("\0"))
      throw invalidOption(`columns.${name} must be the type of the column, such as "text"`);
    return { name, sql: quotedName(`columns.${name}`, name), type };
  });
}

const UPSERT: OptionNames<UpsertMode<unknown>> = {
  type: "required",
  key: "required",
  guarded: true,
  remove: true,
};

function modeFrom<Row>(mode: PostgresMode<Row>, columns: readonly ColumnSetting[]): ModeSetting<Row> {
  const type: unknown = mode?.type;
  if (type === "insert") return { type: "insert" };
  if (type !== "upsert" || mode.type !== "upsert")
    throw invalidOption("mode must be insert() or upsert({ key })");
  checkOptions("upsert", mode, UPSERT);
  const { key, guarded = false, remove } = mode;
  if (!Array.isArray(key) || key.length === 0)
    throw invalidOption("mode.key must be a list of at least one column");
  for (const name of key as readonly unknown[])
    if (!columns.some((column) => column.name === name))
      throw invalidOption(`mode.key names ${shownName(name)}, which is not among columns`);
  if (new Set(key).size !== key.length) throw invalidOption("mode.key names a column twice");
  if (typeof guarded !== "boolean") throw invalidOption("mode.guarded must be true or false");
  if (remove !== undefined && typeof remove !== "function")
    throw invalidOption("mode.remove must be a function of the row");
  const taken = guarded ? Object.values(GUARD_COLUMNS) : [];
  for (const { name } of columns)
    if ((taken as readonly string[]).includes(name))
      throw invalidOption(`columns must not hold ${name}: a guarded upsert writes it itself`);
  return { type: "upsert", key: key as readonly string[], guarded, remove };
}

function shownName(name: unknown): string {
  return typeof name === "string" ? name.slice(0, 100) : typeof name;
}
