import type { RowProblem } from "./copy-rows.js";
import type { CopyCommand } from "./copy-statement.js";
import type { Session } from "../databases/database.js";
import { SqlFailure } from "../errors.js";
import { quoteLiteral } from "../sql/sql-tokens.js";

/** A column that a COPY loads. */
export interface CopyColumn {
  readonly name: string;
  /** As PostgreSQL calls it, without length. */
  readonly type: string;
  /** Bytes of a character column; undefined when it has no limit or is of another type. */
  readonly maxBytes: number | undefined;
  readonly notNull: boolean;
}

/**
 * The columns of a table in the order in which the fields come. Without a list, all but those that the table numbers
 * itself, as Redshift's IDENTITY columns are not loaded.
 */
export async function copyColumns(session: Session, command: CopyCommand): Promise<readonly CopyColumn[]> {
  const { rows } = await session.query(
    `SELECT attname, format_type(atttypid, NULL), atttypmod, attnotnull, attidentity FROM pg_attribute
     WHERE attrelid = ${quoteLiteral(command.table)}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  const all = rows.map(([name, type, modifier, notNull, identity]) => {
    const limit = Number(modifier ?? -1);
    const limited = (type === "character varying" || type === "character") && limit >= 4;
    return {
      column: {
        name: name ?? "",
        type: type ?? "",
        // PostgreSQL keeps the length plus four.
        maxBytes: limited ? limit - 4 : undefined,
        notNull: notNull === "t",
      },
      generated: identity !== "",
    };
  });
  if (command.columns === undefined)
    return all.filter(({ generated }) => !generated).map(({ column }) => column);
  return command.columns.map((name) => {
    const found = all.find(({ column }) => column.name === name);
    if (found === undefined)
      throw new SqlFailure(`column "${name}" of relation "${command.tableName}" does not exist`, {
        sqlState: "42703",
      });
    return found.column;
  });
}

const integerRanges: Readonly<Record<string, readonly [bigint, bigint, string]>> = {
  smallint: [-32_768n, 32_767n, "Short"],
  integer: [-2_147_483_648n, 2_147_483_647n, "Integer"],
  bigint: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n, "Long"],
};

/** A field as its column takes it, or what is wrong with it. What is not judged here the database judges. */
export function fieldFor(
  field: string | null,
  column: CopyColumn,
  command: CopyCommand,
): string | null | Omit<RowProblem, "columnIndex"> {
  const value = field === null || isNull(field, column, command) ? null : field;
  if (value === null)
    return column.notNull ? { code: 1213, reason: "Missing data for not-null field" } : null;
  if (value.includes("\0"))
    return { code: 1220, reason: "String contains invalid or unsupported UTF8 codepoints" };
  const { maxBytes } = column;
  // A UTF-16 unit is at most three bytes: only long values need counting.
  if (maxBytes !== undefined && value.length * 3 > maxBytes && Buffer.byteLength(value) > maxBytes) {
    if (!command.truncateColumns) return { code: 1204, reason: "String length exceeds DDL length" };
    return truncated(value, maxBytes);
  }
  const range = integerRanges[column.type];
  if (range !== undefined) return integer(value, range);
  if (command.timeFormat !== "auto" && column.type.startsWith("timestamp"))
    return epoch(value, command.timeFormat);
  return value;
}

/** Empty fields are NULL but in character columns, where EMPTYASNULL and BLANKSASNULL decide. */
function isNull(field: string, { type }: CopyColumn, command: CopyCommand): boolean {
  if (field === "") return !type.startsWith("character") || command.emptyAsNull;
  return command.blanksAsNull && type.startsWith("character") && /^\s+$/.test(field);
}

function truncated(value: string, maxBytes: number): string {
  let bytes = 0;
  let kept = "";
  for (const character of value) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept;
}

function integer(
  value: string,
  [min, max, name]: readonly [bigint, bigint, string],
): string | Omit<RowProblem, "columnIndex"> {
  const digits = value.trim();
  if (!/^[+-]?\d+$/.test(digits)) {
    const position = Math.max(0, digits.search(/(?!^[+-])\D/));
    const character = digits[position] ?? "";
    return { code: 1207, reason: `Invalid digit, Value '${character}', Pos ${position}, Type: ${name}` };
  }
  if (digits.length > 4) {
    const number = BigInt(digits.startsWith("+") ? digits.slice(1) : digits);
    if (number < min || number > max) return { code: 1204, reason: `Overflow, Column type: ${name}` };
  }
  return digits;
}

function epoch(
  value: string,
  format: "epochsecs" | "epochmillisecs",
): string | Omit<RowProblem, "columnIndex"> {
  const number = Number(value);
  const date = new Date(format === "epochsecs" ? number * 1000 : number);
  if (value.trim() === "" || Number.isNaN(date.getTime()))
    return { code: 1206, reason: `Invalid timestamp format or value [${format}]` };
  return date.toISOString();
}

/** What Redshift calls it when the database refuses a value of this type. */
export function refusalOf(type: string): Omit<RowProblem, "columnIndex"> {
  if (type === "date") return { code: 1205, reason: "Invalid Date Format - length must be 10 or more" };
  if (type.startsWith("timestamp"))
    return { code: 1206, reason: "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]" };
  if (type === "real" || type === "double precision")
    return { code: 1208, reason: "Invalid FLOAT format or value" };
  if (type === "numeric") return { code: 1209, reason: "Invalid DECIMAL format or value" };
  if (type === "boolean") return { code: 1210, reason: "Invalid BOOLEAN format or value" };
  return { code: 1200, reason: `Invalid value for type ${type}` };
}
