import type { AnswerRow, Bounds, Session } from "../connection/session.js";

/** A table, as the catalog has it. */
export interface CatalogTable {
  readonly oid: string;
  /** `"schema"."table"`, whatever the search path. */
  readonly sql: string;
  /** Kind of relation: `r` a table, `p` a partitioned one, `v` a view, and others (manual, "pg_class"). */
  readonly kind: string;
  /** Whether its rows outlive a crash of the server: neither it nor a partition of it is UNLOGGED or TEMPORARY. */
  readonly isDurable: boolean;
  /** Whether triggers may fill its columns before a row is inserted. */
  readonly hasTriggers: boolean;
  /** Rights that the user has on the table, or on some of its columns: the first write tells whether those are the right ones. */
  readonly rights: ReadonlySet<string>;
}

/** A column, as the catalog has it. */
export interface CatalogColumn {
  readonly name: string;
  /** The type, and of a domain the type under it. */
  readonly typeOid: string;
  readonly baseOid: string;
  /** The type as SQL writes it, for messages. */
  readonly type: string;
  /** The type under it without its length, as SQL writes it: what a parameter is cast to. */
  readonly baseType: string;
  readonly baseName: string;
  /** `A` an array, `C` a composite, and others (manual, "pg_type", typcategory). */
  readonly category: string;
  /** The base type of an array's elements. */
  readonly elementName: string | null;
  /** What stands between elements of this type in an array: a comma, but for `box` and types of extensions such as `geometry` of PostGIS. */
  readonly delimiter: string;
  /** Whether a row must have a value that the table does not give it. */
  readonly isRequired: boolean;
  readonly isNotNull: boolean;
  /** Whether the table gives all values itself. */
  readonly isGenerated: boolean;
  /** Digits before the point that a numeric holds; null for any number. */
  readonly digits: number | null;
}

const RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE"] as const;

const TABLE_SQL = `
SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS sql, c.relkind::text AS kind, 
  (c.relpersistence = 'p' AND NOT EXISTS (SELECT FROM pg_partition_tree(c.oid) tree JOIN pg_catalog.pg_class part ON part.oid = tree.relid WHERE part.relpersistence <> 'p'))::text AS durable,
  EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & 7 = 7)::text AS triggers,
  ${RIGHTS.map((right) => `${right === "DELETE" ? "has_table_privilege" : "has_any_column_privilege"}(c.oid, '${right}')::text AS "${right}"`).join(", ")}
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1)`;

/** What the catalog says of a table; undefined where there is none of the name. */
export async function findTable(
  session: Session,
  nameSql: string,
  bounds: Bounds,
): Promise<CatalogTable | undefined> {
  const [row] = await session.query(TABLE_SQL, [nameSql], bounds);
  if (row === undefined) return undefined;
  return {
    oid: textOf(row, "oid"),
    sql: textOf(row, "sql"),
    kind: textOf(row, "kind"),
    isDurable: textOf(row, "durable") === "true",
    hasTriggers: textOf(row, "triggers") === "true",
    rights: new Set(RIGHTS.filter((right) => row[right] === "true")),
  };
}

// A type's base is looked for as often as domains stand on domains.
const COLUMNS_SQL = `
SELECT a.attname AS name, a.atttypid::text AS type_oid, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull::text AS not_null,
  (a.attgenerated <> '' OR a.attidentity = 'a')::text AS generated,
  (a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL)::text AS required,
  base.oid::text AS base_oid, base.typname AS base_name, base.typcategory::text AS category,
  format_type(base.oid, -1) AS base_type, element.typname AS element_name,
  CASE WHEN base.typcategory = 'A' THEN element.typdelim ELSE base.typdelim END::text AS delimiter,
  CASE WHEN base.typname = 'numeric' AND a.atttypmod >= 4 THEN (((a.atttypmod - 4) >> 16) & 65535) - ((a.atttypmod - 4) & 2047) END::text AS digits
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
CROSS JOIN LATERAL (
  WITH RECURSIVE up AS (
    SELECT t.oid, t.typname, t.typtype, t.typbasetype, t.typcategory, t.typelem, t.typdelim
    UNION ALL
    SELECT b.oid, b.typname, b.typtype, b.typbasetype, b.typcategory, b.typelem, b.typdelim
    FROM up JOIN pg_catalog.pg_type b ON up.typtype = 'd' AND b.oid = up.typbasetype
  )
  SELECT * FROM up WHERE typtype <> 'd'
) base
LEFT JOIN pg_catalog.pg_type element ON base.typcategory = 'A' AND element.oid = base.typelem
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`;

/** The columns of a table. */
export async function findColumns(
  session: Session,
  { oid }: CatalogTable,
  bounds: Bounds,
): Promise<readonly CatalogColumn[]> {
  const rows = await session.query(COLUMNS_SQL, [oid], bounds);
  return rows.map((row) => ({
    name: textOf(row, "name"),
    typeOid: textOf(row, "type_oid"),
    baseOid: textOf(row, "base_oid"),
    type: textOf(row, "type"),
    baseType: textOf(row, "base_type"),
    baseName: textOf(row, "base_name"),
    category: textOf(row, "category"),
    elementName: row["element_name"] ?? null,
    delimiter: textOf(row, "delimiter"),
    isRequired: row["required"] === "true",
    isNotNull: row["not_null"] === "true",
    isGenerated: row["generated"] === "true",
    digits: row["digits"] === null || row["digits"] === undefined ? null : Number(row["digits"]),
  }));
}

// An index that ON CONFLICT infers: unique, whole, of plain columns, checked at once.
const KEYS_SQL = `
SELECT json_agg(a.attname ORDER BY a.attname)::text AS names
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
GROUP BY i.indexrelid`;

/** Whether a table has a unique index on just these columns. */
export async function hasUniqueIndex(
  session: Session,
  { oid }: CatalogTable,
  columns: readonly string[],
  bounds: Bounds,
): Promise<boolean> {
  const rows = await session.query(KEYS_SQL, [oid], bounds);
  const wanted = columns.toSorted().join("\0");
  return rows.some((row) => (JSON.parse(row["names"] ?? "[]") as string[]).toSorted().join("\0") === wanted);
}

/** The type that a text names; undefined where there is none. */
export async function findType(session: Session, type: string, bounds: Bounds): Promise<string | undefined> {
  const [row] = await session.query("SELECT to_regtype($1)::oid::text AS oid", [type], bounds);
  return row?.["oid"] ?? undefined;
}

function textOf(row: AnswerRow, name: string): string {
  const value = row[name];
  if (typeof value === "string") return value;
  throw new Error(`the catalog gave no ${name}`);
}
