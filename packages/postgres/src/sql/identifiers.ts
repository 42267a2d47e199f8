import { invalidOption } from "@kinesis-connectors/core";
import { MAX_IDENTIFIER_BYTES } from "../limits.js";

/** A table, as the options name it. */
export interface TableName {
  /** As it was given: what a plan stores, and what messages say. */
  readonly text: string;
  /** `"schema"."table"`, or `"table"`. */
  readonly sql: string;
}

/**
 * A name in double quotes, exactly as it was given: quoted, PostgreSQL folds nothing to lower case.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function quotedName(option: string, name: string): string {
  if (typeof name !== "string" || name === "")
    throw invalidOption(`${option} must be a text that is not empty`);
  if (name.includes("\0")) throw invalidOption(`${option} must not hold a NUL character`);
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_IDENTIFIER_BYTES)
    throw invalidOption(
      `${option} has ${bytes} bytes, but a name in PostgreSQL has ${MAX_IDENTIFIER_BYTES} at most`,
    );
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A table's name, with or without its schema: `clicks`, `public.clicks`. Names that hold a dot stand in double quotes: `"my.schema".clicks`.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function tableName(option: string, text: string): TableName {
  if (typeof text !== "string") throw invalidOption(`${option} must be a text such as public.clicks`);
  const parts = partsOf(text);
  if (parts === undefined || parts.length > 2)
    throw invalidOption(
      `${option} must be a table or schema.table; a name that holds a dot stands in double quotes`,
    );
  return { text, sql: parts.map((part) => quotedName(option, part)).join(".") };
}

/** A text in single quotes, for statements that take no values. A backslash in it is one, whatever `standard_conforming_strings` says. */
export function literal(text: string): string {
  if (text.includes("\0")) throw new RangeError("a text of PostgreSQL holds no NUL character");
  const quoted = text.replaceAll("'", "''");
  return quoted.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}

/** The name of a table beside another one, in the same schema. */
export function besideTable(option: string, { text }: TableName, name: string): TableName {
  const parts = partsOf(text) ?? [];
  const schema = parts.length === 2 ? `${quotedName(option, parts[0] ?? "")}.` : "";
  return tableName(option, `${schema}${quotedName(option, name)}`);
}

const PART = /^(?:"((?:[^"]|"")+)"|([^".]+))(?:\.|$)/u;

function partsOf(text: string): readonly string[] | undefined {
  const parts: string[] = [];
  let rest = text;
  do {
    const found = PART.exec(rest);
    if (found === null) return undefined;
    parts.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    // A dot at the end leaves nothing, and nothing is no name.
    if (rest.length === found[0].length && found[0].endsWith(".")) return undefined;
    rest = rest.slice(found[0].length);
  } while (rest !== "");
  return parts;
}
