import { invalidOption } from "@kinesis-connectors/core";
import type { Bounds, Session } from "../connection/session.js";
import { codeOf } from "../failures.js";
import type { TableName } from "../sql/identifiers.js";
import { type CatalogTable, findColumns, findTable, hasUniqueIndex } from "./catalog.js";

/** Columns of the key: each application has a position of its own in each shard, for each table that it writes. */
const POSITION_KEY = ["application", "stream", "shard", "destination"] as const;

const COLUMNS = [
  ["application", "text NOT NULL"],
  ["stream", "text NOT NULL"],
  ["shard", "text NOT NULL"],
  ["destination", "text NOT NULL"],
  // Sequence numbers have up to 56 digits (`Position` of the core package). NULL until the first rows are written.
  ["seq", "numeric(56)"],
  ["sub", "bigint"],
  ["updated_at", "timestamptz NOT NULL DEFAULT now()"],
] as const;

/** The statement that creates a table of positions. */
function positionsDdl(nameSql: string): string {
  const columns = COLUMNS.map(([name, type]) => `${name} ${type}`).join(", ");
  return `CREATE TABLE ${nameSql} (${columns}, PRIMARY KEY (${POSITION_KEY.join(", ")}))`;
}

/** Another process created it meanwhile: the table, or its row type of the same name. */
const CREATED_BY_ANOTHER: ReadonlySet<string> = new Set(["42P07", "23505"]);

/**
 * Finds the table of positions, or creates it.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for one that cannot keep positions; what the server answered
 */
export async function lookUpPositions(
  session: Session,
  name: TableName,
  mayCreate: boolean,
  bounds: Bounds,
): Promise<CatalogTable> {
  let found = await findTable(session, name.sql, bounds);
  if (found === undefined) {
    const ddl = positionsDdl(name.sql);
    if (!mayCreate)
      throw invalidOption(`positions: there is no ${name.sql} in the database: create it by ${ddl}`);
    try {
      await session.query(ddl, undefined, bounds);
    } catch (error) {
      if (!CREATED_BY_ANOTHER.has(codeOf(error) ?? "")) throw error;
    }
    found = await findTable(session, name.sql, bounds);
    if (found === undefined) throw new Error(`${name.sql} was created, and is not there`);
  }
  if (!["r", "p"].includes(found.kind) || !found.isDurable)
    throw invalidOption(
      `positions: ${name.sql} is no table of this server whose rows outlive a crash: give another one`,
    );
  const columns = new Map((await findColumns(session, found, bounds)).map((column) => [column.name, column]));
  const missing = COLUMNS.find(([column]) => !columns.has(column));
  if (missing !== undefined)
    throw invalidOption(
      `positions: ${name.sql} has no column ${missing[0]}: ${positionsDdl(name.sql)} would make a table as it has to be`,
    );
  const digits = columns.get("seq")?.digits ?? null;
  if (columns.get("seq")?.baseName !== "numeric" || (digits !== null && digits < 56))
    throw invalidOption(`positions: the column seq of ${name.sql} must be numeric(56)`);
  if (!(await hasUniqueIndex(session, found, POSITION_KEY, bounds)))
    throw invalidOption(
      `positions: ${name.sql} has no primary key (${POSITION_KEY.join(", ")}), by which one writer waits for another`,
    );
  return found;
}
