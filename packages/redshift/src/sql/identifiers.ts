import { invalidOption } from "@kinesis-connectors/core";
import { MAX_IDENTIFIER_BYTES } from "../limits.js";

/** A table, as it is named in SQL and in the ledger. */
export interface TableName {
  /** `"schema"."table"`, or `"table"`. */
  readonly sql: string;
  /** `"table"`: how DELETE ... USING refers to its columns. */
  readonly reference: string;
  /** The name as it was given: what the ledger stores. Letters, digits and a few signs only. */
  readonly text: string;
}

/** The temporary table that a load stages its rows in. */
export const STAGE = '"kc_stage"';

/** The column of the stage that numbers its rows, for loads that merge. */
export const ROW_NUMBER_COLUMN = "kc_row";

// Quoted names may hold nearly anything; these are what names do hold, and nothing that means something in SQL outside of quotes.
const NAME = /^[\p{L}\p{N}_$ -]+$/u;

/**
 * A name in double quotes. Redshift folds quoted names to lower case unless `enable_case_sensitive_identifier` is set.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function quotedName(option: string, name: string): string {
  if (typeof name !== "string" || !NAME.test(name) || name.trim() !== name) {
    throw invalidOption(
      `${option} must be made of letters, digits, _, $, - and inner blanks, without quotes: write it as the catalog shows it`,
    );
  }
  if (Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) {
    throw invalidOption(
      `${option} has ${Buffer.byteLength(name)} bytes, but Redshift takes ${MAX_IDENTIFIER_BYTES}`,
    );
  }
  // The pattern lets no quote through; doubled all the same, so that the pattern is not the only wall.
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A table's name, with or without its schema: `orders`, `sales.orders`.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function tableName(option: string, name: string): TableName {
  if (typeof name !== "string") throw invalidOption(`${option} must be a text`);
  const parts = name.split(".");
  if (parts.length > 2) throw invalidOption(`${option} must be a table or schema.table`);
  const quoted = parts.map((part) => quotedName(option, part));
  const reference = quoted.at(-1) ?? "";
  if (reference === STAGE)
    throw invalidOption(`${option} must not be ${STAGE}: loads stage their rows under that name`);
  return { sql: quoted.join("."), reference, text: name };
}

/**
 * Columns in double quotes; each once.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function columnNames(option: string, names: readonly string[]): readonly string[] {
  if (!Array.isArray(names) || names.length === 0)
    throw invalidOption(`${option} must be a list of at least one column`);
  const quoted = names.map((name, index) => quotedName(`${option}[${index}]`, name));
  if (new Set(names).size !== names.length) throw invalidOption(`${option} names a column twice`);
  if (names.includes(ROW_NUMBER_COLUMN))
    throw invalidOption(`${option} must not hold ${ROW_NUMBER_COLUMN}: the stage uses that name`);
  return quoted;
}

/** A text in single quotes. Backslashes are refused, because Redshift reads them as escapes. */
export function quotedText(option: string, text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\\\u0000-\u001f\u007f]/.test(text))
    throw invalidOption(`${option} must not hold backslashes or control characters`);
  return `'${text.replaceAll("'", "''")}'`;
}

/** 32 or 64 hex digits in single quotes: ids are made by hashing, never taken from records. */
export function quotedId(id: string): string {
  if (!/^[0-9a-f]{32}(?:[0-9a-f]{32})?$/.test(id)) throw new RangeError("an id is not 32 or 64 hex digits");
  return `'${id}'`;
}
