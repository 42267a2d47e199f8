import {
  ExactNumber,
  hasLoneSurrogate,
  jsonHasLoneSurrogate,
  KinesisConnectorError,
  stringifyJson,
  checkOptions,
  type OptionNames,
  invalidOption,
  poisonRecord,
} from "@kinesis-connectors/core";
import type { ArchiveFormat } from "./archive-format.js";
import { rowsIn } from "./delimited-rows.js";
import type { RecordFormat } from "./format.js";

/** A column of `delimited`: the name of a field, or a name with a function of the output. */
export type DelimitedColumn<Output> =
  | (keyof Output & string)
  | { readonly name: string; readonly value: (output: Output) => unknown };

/** The way in which lines of `delimited` are written. */
export interface DelimitedStyle {
  /** One character between fields. Default a comma. */
  readonly delimiter?: string;
  /** One character around fields that need it, doubled inside (RFC 4180). `""`: none; what would need it is refused. Default `"`. */
  readonly quote?: string;
  /** Whether each object starts with a line of column names. Default false. */
  readonly header?: boolean;
  /** The text for null and undefined, never quoted. Default: nothing. A text that is equal to it is quoted. */
  readonly nullText?: string;
}

/** Options of `delimited`. */
export interface DelimitedOptions<Output> extends DelimitedStyle {
  /** The columns, in the order of the lines' fields. */
  readonly columns: readonly DelimitedColumn<Output>[];
}

const NAMES: OptionNames<DelimitedOptions<unknown>> = {
  columns: "required",
  delimiter: true,
  quote: true,
  header: true,
  nullText: true,
};

/**
 * One line per output: CSV, TSV and their like. Texts as they are, numbers and booleans as JavaScript writes them, BigInts and `ExactNumber`s with all their
 * digits, dates in ISO 8601, objects and arrays as JSON. Refused by name, as dead letters: NaN and infinities, bytes, functions, half a surrogate pair
 * (UTF-8 cannot write it), and what would need a quote where there is none.
 *
 * Read back by `readArchive`, each field is a text, or null where it is `nullText` without a quote.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function delimited<Output extends object>(
  options: DelimitedOptions<Output>,
): RecordFormat<Output> & ArchiveFormat {
  checkOptions("delimited", options, NAMES);
  const { columns, delimiter = ",", quote = '"', header = false, nullText = "" } = options;
  if (!isSeparator(delimiter) || delimiter === quote)
    throw invalidOption("delimiter must be one ASCII character that is no line break, and not the quote");
  if (quote !== "" && !isSeparator(quote))
    throw invalidOption("quote must be one ASCII character, or empty for none");
  if (!Array.isArray(columns) || columns.length === 0)
    throw invalidOption("columns must name at least one column");
  if (
    typeof nullText !== "string" ||
    [delimiter, quote, "\n", "\r"].some((one) => one !== "" && nullText.includes(one))
  )
    throw invalidOption("nullText must be a text without delimiter, quote and line breaks");
  const fields = columns.map(fieldOf);
  // Halves of surrogate pairs are looked for in the same go: nearly all texts have nothing special.
  const special = new RegExp(`[\\r\\n${[delimiter, quote].map(escaped).join("")}\\p{Surrogate}]`, "u");

  const written = (text: string, name: string): string => {
    if (!special.test(text) && text !== nullText) return text;
    if (hasLoneSurrogate(text)) throw unwritable(name);
    if (quote === "")
      throw poisonRecord(
        `the column ${name} holds the delimiter, a line break or the text for null, and there is no quote`,
      );
    return `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
  };
  const lineOf = (output: Output): string =>
    fields
      .map(({ name, value }) => {
        const found = value(output);
        return found === null || found === undefined ? nullText : written(textOf(found, name), name);
      })
      .join(delimiter);
  const headerLine = header
    ? `${fields.map(({ name }) => written(name, name)).join(delimiter)}\n`
    : undefined;

  return {
    extension: delimiter === "\t" ? ".tsv" : ".csv",
    contentType: delimiter === "\t" ? "text/tab-separated-values" : "text/csv",
    ...(headerLine === undefined ? {} : { begin: (object) => object.writeText(headerLine) }),
    write: (output, object) => {
      if (typeof output !== "object" || output === null || output instanceof Uint8Array)
        throw poisonRecord("delimited() writes objects; let the transformer return one");
      object.writeText(lineOf(output));
      object.writeNewLine();
    },
    read: (object) =>
      rowsIn(object, { delimiter, quote, header, nullText, names: fields.map(({ name }) => name) }),
  };
}

interface Field<Output> {
  readonly name: string;
  readonly value: (output: Output) => unknown;
}

function fieldOf<Output extends object>(column: DelimitedColumn<Output>): Field<Output> {
  if (typeof column === "string") {
    // Own fields only: a column called constructor is no function of the engine.
    return { name: column, value: (output) => (Object.hasOwn(output, column) ? output[column] : undefined) };
  }
  if (typeof column?.name !== "string" || typeof column.value !== "function")
    throw invalidOption("columns must be names, or objects of name and value");
  return column;
}

function textOf(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    if (Number.isFinite(value)) return String(value);
  } else if (value instanceof Date) {
    if (!Number.isNaN(value.getTime())) return value.toISOString();
  } else if (ExactNumber.isInstance(value)) {
    return value.text;
  } else if (typeof value === "object" && !(value instanceof Uint8Array)) {
    const text = json(value);
    // Within JSON such a half is an escape, which most readers of JSON refuse.
    if (text !== undefined && jsonHasLoneSurrogate(text)) throw unwritable(name);
    if (text !== undefined) return text;
  }
  throw poisonRecord(`the column ${name} holds a value that has no text form`);
}

function unwritable(name: string): KinesisConnectorError {
  return poisonRecord(`the column ${name} holds half a surrogate pair, which UTF-8 cannot write`);
}

function json(value: unknown): string | undefined {
  try {
    return stringifyJson(value);
  } catch {
    // Circular. The engine's message names keys of the record, so it is not kept.
    return undefined;
  }
}

function isSeparator(text: unknown): boolean {
  return typeof text === "string" && /^[\t\x20-\x7e]$/.test(text);
}

function escaped(character: string): string {
  return character === "" ? "" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
