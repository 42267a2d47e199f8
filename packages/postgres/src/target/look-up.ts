import { invalidOption, KinesisConnectorError } from "@kinesis-connectors/core";
import type { Bounds, Session } from "../connection/session.js";
import { codeOf } from "../failures.js";
import { type ColumnSetting, GUARD_COLUMNS, type Settings } from "../settings.js";
import type { TableName } from "../sql/identifiers.js";
import {
  type CatalogColumn,
  type CatalogTable,
  findColumns,
  findTable,
  findType,
  hasUniqueIndex,
} from "./catalog.js";
import { lookUpPositions } from "./positions-table.js";
import type { Column, Target, ValueKind } from "./target.js";

/** The tables of a batch: those of the options, or those that an earlier owner planned it for. */
export interface TargetNames {
  readonly table: TableName;
  readonly positions: TableName;
}

/**
 * Looks the tables up, and holds the options against them.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option; `KC_EMIT_REFUSED` for missing rights; what the server answered
 */
export async function lookUp<Row>(
  session: Session,
  settings: Settings<Row>,
  names: TargetNames,
  bounds: Bounds,
): Promise<Target<Row>> {
  const { mode } = settings;
  const table = await findTable(session, names.table.sql, bounds);
  if (table === undefined)
    throw invalidOption(
      `table: there is no ${names.table.sql} in the database, exactly so and in small and capital letters: create it, or correct the option`,
    );
  requireTable(names.table, table);
  const found = new Map((await findColumns(session, table, bounds)).map((column) => [column.name, column]));
  const columns: Column[] = [];
  for (const setting of settings.columns)
    columns.push(await columnOf(session, setting, found.get(setting.name), mode, bounds));
  const own = mode.type === "upsert" && mode.guarded ? requireGuard(found, mode.remove !== undefined) : [];
  requireComplete(table, found, [...settings.columns.map(({ name }) => name), ...own]);
  if (mode.type === "upsert") {
    if (!(await hasUniqueIndex(session, table, mode.key, bounds)))
      throw invalidOption(
        `mode.key: ${names.table.sql} has no unique index on just ${mode.key.join(", ")}: make it the primary key, or create one that is neither partial nor deferrable`,
      );
    if (mode.guarded && mode.remove !== undefined) requireTombstones(settings.columns, found, mode.key);
  }
  requireRights(names.table, table, rightsOf(settings));
  const positions = await lookUpPositions(session, names.positions, settings.createPositions, bounds);
  requireRights(names.positions, positions, ["SELECT", "INSERT", "UPDATE"]);
  return {
    tableSql: table.sql,
    positionsSql: positions.sql,
    columns,
    mode,
    mayRemovePositions: positions.rights.has("DELETE"),
  };
}

const KINDS: ReadonlyMap<string, ValueKind> = new Map([
  ["bytea", "bytes"],
  ["json", "json"],
  ["jsonb", "json"],
]);

/** Types that round a value to their precision, where others refuse it. */
const ROUNDING: ReadonlySet<string> = new Set([
  "numeric",
  "timestamp",
  "timestamptz",
  "time",
  "timetz",
  "interval",
]);

async function columnOf<Row>(
  session: Session,
  { name, sql, type }: ColumnSetting,
  found: CatalogColumn | undefined,
  mode: Settings<Row>["mode"],
  bounds: Bounds,
): Promise<Column> {
  if (found === undefined)
    throw invalidOption(
      `columns.${name}: the table has no column of that name: add it, or correct the option`,
    );
  if (found.isGenerated)
    throw invalidOption(`columns.${name}: the table makes the values of that column itself: leave it out`);
  const declared = await typeOf(session, name, type, bounds);
  if (declared !== found.typeOid && declared !== found.baseOid)
    throw invalidOption(
      `columns.${name} is declared ${type}, but the column is ${found.type}: declare it as it is, or alter the table`,
    );
  const isArray = found.category === "A";
  // Of an array of arrays unnest() would make one row for each element, and of a composite one column for each field; and an array of boxes has no commas.
  const castType = isArray || found.category === "C" || found.delimiter !== "," ? found.baseType : undefined;
  return {
    name,
    sql,
    parameterType: castType === undefined ? found.baseType : "text",
    castType,
    kind: KINDS.get((isArray ? found.elementName : found.baseName) ?? "") ?? "text",
    isArray,
    delimiter: found.delimiter,
    isKey: mode.type === "upsert" && mode.key.includes(name),
    roundedType: ROUNDING.has(found.baseName) ? found.type : undefined,
  };
}

async function typeOf(session: Session, name: string, type: string, bounds: Bounds): Promise<string> {
  let oid: string | undefined;
  try {
    oid = await findType(session, type, bounds);
  } catch (error) {
    // What is no type at all is a syntax error to servers before 16.
    const code = codeOf(error);
    if (code === undefined || !/^(?:42|0A|22)/.test(code)) throw error;
  }
  if (oid === undefined)
    throw invalidOption(
      `columns.${name}: the database knows no such type: give one such as "text" or "timestamptz"`,
    );
  return oid;
}

/** Adds the columns that a guarded mode writes itself. */
function requireGuard(found: ReadonlyMap<string, CatalogColumn>, removes: boolean): readonly string[] {
  const { sequence, sub, removed } = GUARD_COLUMNS;
  const wanted = [
    [sequence, "numeric", "numeric(56)"],
    [sub, "int8", "bigint"],
    ...(removes ? [[removed, "bool", "boolean"] as const] : []),
  ] as const;
  for (const [name, baseName, type] of wanted) {
    const column = found.get(name);
    if (column?.baseName !== baseName || (column.digits !== null && column.digits < 56))
      throw invalidOption(
        `mode.guarded: the table needs a column ${name} ${type}: ALTER TABLE ... ADD COLUMN ${name} ${type}`,
      );
  }
  return wanted.map(([name]) => name);
}

/** A tombstone is a key and nothing else. */
function requireTombstones(
  columns: readonly ColumnSetting[],
  found: ReadonlyMap<string, CatalogColumn>,
  key: readonly string[],
): void {
  const strict = columns.find(({ name }) => !key.includes(name) && found.get(name)?.isNotNull === true);
  if (strict !== undefined)
    throw invalidOption(
      `mode.remove: the column ${strict.name} is NOT NULL, but a tombstone has a key alone: drop the constraint, or leave guarded or remove out`,
    );
}

function requireTable(name: TableName, { kind, isDurable }: CatalogTable): void {
  if (!["r", "p", "v"].includes(kind))
    throw invalidOption(
      `table: ${name.sql} is no table of this server: rows and their position must be written in one transaction`,
    );
  if (!isDurable)
    throw invalidOption(
      `table: ${name.sql} or a partition of it is UNLOGGED or TEMPORARY: a crash of the server would empty it, and its positions would not know`,
    );
}

function requireComplete(
  { hasTriggers }: CatalogTable,
  found: ReadonlyMap<string, CatalogColumn>,
  written: readonly string[],
): void {
  // A trigger may give what is missing.
  if (hasTriggers) return;
  for (const { name, isRequired } of found.values())
    if (isRequired && !written.includes(name))
      throw invalidOption(
        `columns lacks ${name}, which is NOT NULL and has no default: every row would be refused`,
      );
}

function rightsOf<Row>({ mode }: Settings<Row>): readonly string[] {
  if (mode.type === "insert") return ["INSERT"];
  return mode.remove !== undefined && !mode.guarded
    ? ["SELECT", "INSERT", "UPDATE", "DELETE"]
    : ["SELECT", "INSERT", "UPDATE"];
}

function requireRights(name: TableName, { rights }: CatalogTable, wanted: readonly string[]): void {
  const missing = wanted.filter((right) => !rights.has(right));
  if (missing.length > 0)
    throw new KinesisConnectorError(
      "KC_EMIT_REFUSED",
      `PostgreSQL lets the user of connection.user not write: GRANT ${missing.join(", ")} ON ${name.sql} to it`,
    );
}
