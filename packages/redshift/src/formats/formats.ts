import { checkOptions, type OptionNames, poisonRecord } from "@kinesis-connectors/core";
import { ndjson, type ObjectWriter } from "@kinesis-connectors/s3";
import { checkedDelimiter, type CopyFormat, type Delimiter, s3UrlSql } from "../sql/copy.js";
import { ROW_NUMBER_COLUMN } from "../sql/identifiers.js";
import { fieldsOf, jsonOf, textOf } from "./row-values.js";

/** The context of a row, for a format. */
export interface RowContext {
  /** The option `columns`, for formats that go by position. */
  readonly columns: readonly string[];
  /** The row's number in the batch, which loads that merge write beside it; undefined for others. */
  readonly rowNumber: number | undefined;
}

/** The format in which rows are staged and COPY reads them. Made by `jsonAuto`, `jsonPaths`, `delimited` and `csv`. */
export interface RedshiftFormat<Output> {
  /** The extension of staged objects, with its dot. */
  readonly extension: string;
  readonly contentType: string;
  readonly copy: CopyFormat;
  /** Appends one row with its line end. What it throws refuses that row alone. */
  readonly write: (output: Output, object: ObjectWriter, context: RowContext) => void;
}

const lines = ndjson();

/** Options of `jsonAuto`. */
export interface JsonAutoOptions {
  /** `JSON 'auto ignorecase'`: field names match columns in any case. Default false: they must be in lower case, as Redshift's column names are. */
  readonly ignoreCase?: boolean;
}

const NAMES: OptionNames<JsonAutoOptions> = { ignoreCase: true };

/**
 * One JSON document per row, loaded with `JSON 'auto'`: each field goes to the column of its name, fields without a column are left out. The record's
 * own bytes (`json().original()`) are staged as they are; objects may hold texts, numbers, BigInts, booleans, null, Dates (as UTC) and nested values for
 * SUPER columns.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function jsonAuto(options: JsonAutoOptions = {}): RedshiftFormat<object> {
  checkOptions("jsonAuto", options, NAMES);
  return {
    extension: ".json",
    contentType: "application/x-ndjson",
    copy: { type: "json", ignoreCase: options.ignoreCase === true },
    write: (output, object, context) => {
      if (output instanceof Uint8Array) writeDocument(output, object, context);
      else writeFields(output, object, context);
    },
  };
}

/**
 * One JSON document per row, loaded through a JSONPaths file in S3 that maps it to columns.
 *
 * @param url the file, `s3://bucket/key`; the role of COPY must be allowed to read it
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function jsonPaths(url: string): RedshiftFormat<object> {
  s3UrlSql("jsonPaths", url);
  return { ...jsonAuto(), copy: { type: "json-paths", url } };
}

/**
 * One line per row, values in the order of the option `columns`, with `ESCAPE`: a backslash stands before backslashes, delimiters, line ends and quotes
 * in values, so that COPY reads back exactly what was written. NULL is `\N`.
 *
 * @param delimiter default `|`
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function delimited(delimiter: Delimiter = "|"): RedshiftFormat<object> {
  checkedDelimiter(delimiter);
  const special = /[\\|,;\t~^\n\r"']/g;
  return {
    extension: ".txt",
    contentType: "text/plain; charset=utf-8",
    copy: { type: "delimited", delimiter },
    write: (output, object, { columns, rowNumber }) => {
      const texts = valuesOf(output, columns, rowNumber).map(([, text]) =>
        text === undefined ? String.raw`\N` : text.replace(special, String.raw`\$&`),
      );
      object.writeText(texts.join(delimiter));
      object.writeNewLine();
    },
  };
}

/**
 * Comma-separated values in the order of the option `columns`; values in double quotes, with quotes in them doubled. NULL is `\N`, so a value that is the
 * text `\N` is refused.
 */
export function csv(): RedshiftFormat<object> {
  return {
    extension: ".csv",
    contentType: "text/csv; charset=utf-8",
    copy: { type: "csv" },
    write: (output, object, { columns, rowNumber }) => {
      const texts = valuesOf(output, columns, rowNumber).map(([column, text]) => {
        if (text === undefined) return String.raw`\N`;
        if (text === String.raw`\N`)
          throw poisonRecord(
            `the value for column ${column} is the text that stands for NULL in CSV; use delimited() for such data`,
          );
        return `"${text.replaceAll('"', '""')}"`;
      });
      object.writeText(texts.join(","));
      object.writeNewLine();
    },
  };
}

function valuesOf(
  output: unknown,
  columns: readonly string[],
  rowNumber: number | undefined,
): (readonly [string, string | undefined])[] {
  const fields = new Map(fieldsOf(output));
  const values = columns.map((column) => [column, textOf(column, fields.get(column))] as const);
  return rowNumber === undefined ? values : [...values, [ROW_NUMBER_COLUMN, String(rowNumber)]];
}

function writeDocument(bytes: Uint8Array, object: ObjectWriter, { rowNumber }: RowContext): void {
  if (rowNumber !== undefined)
    throw poisonRecord(
      "with mergeKeys rows must be objects, not bytes; let the transformer's to(...) return the object",
    );
  lines.write(bytes, object);
}

function writeFields(output: object, object: ObjectWriter, { rowNumber }: RowContext): void {
  let document = "";
  for (const [name, value] of fieldsOf(output)) {
    const json = jsonOf(name, value);
    if (json !== undefined) document += `${document === "" ? "" : ","}${JSON.stringify(name)}:${json}`;
  }
  if (rowNumber !== undefined) document += `${document === "" ? "" : ","}"${ROW_NUMBER_COLUMN}":${rowNumber}`;
  object.writeText(`{${document}}`);
  object.writeNewLine();
}
