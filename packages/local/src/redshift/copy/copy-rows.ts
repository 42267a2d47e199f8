import type { CopyCommand } from "./copy-statement.js";
import { MAX_ROW_BYTES } from "../limits.js";

/** One row of a file: its fields, or why it has none. */
export interface CopyRow {
  /** Line of the file at which it starts, from 1. */
  readonly line: number;
  /** As it stands in the file. */
  readonly raw: string;
  readonly fields: readonly (string | null)[];
  readonly problem?: RowProblem;
}

/** Why a row or one of its fields cannot be loaded; codes are those of "Load error reference" in the developer guide. */
export interface RowProblem {
  readonly code: number;
  readonly reason: string;
  /** Position among the columns that are loaded. */
  readonly columnIndex?: number;
}

type LineFormat = Extract<CopyCommand["format"], { readonly kind: "csv" | "delimited" }>;

/** Rows of delimited text or CSV, before the count of their fields is looked at. */
export function* textRows(text: string, command: CopyCommand, format: LineFormat): Generator<CopyRow> {
  let line = 1;
  let at = 0;
  let toSkip = command.ignoreHeader;
  while (at < text.length) {
    const row =
      format.kind === "csv" ? csvRow(text, at, format, command) : delimitedRow(text, at, format, command);
    const start = line;
    line += row.lines;
    const raw = text.slice(at, row.rawEnd);
    at = row.end;
    if (toSkip > 0) toSkip -= 1;
    else if (raw === "" && command.ignoreBlankLines) continue;
    else if (raw.length > MAX_ROW_BYTES || Buffer.byteLength(raw) > MAX_ROW_BYTES)
      yield { line: start, raw, fields: [], problem: { code: 1216, reason: "The row is longer than 4 MB" } };
    else if (row.problem !== undefined) yield { line: start, raw, fields: row.fields, problem: row.problem };
    else yield { line: start, raw, fields: row.fields };
  }
}

interface Scanned {
  readonly fields: readonly (string | null)[];
  /** Where the row's text ends, before its line end. */
  readonly rawEnd: number;
  /** Where the next row starts. */
  readonly end: number;
  readonly lines: number;
  readonly problem?: RowProblem;
}

/** Line ends are \n and \r\n. */
function lineEndAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === 10) return 1;
  return code === 13 && text.charCodeAt(at + 1) === 10 ? 2 : 0;
}

/**
 * ESCAPE: "the character that immediately follows the backslash is loaded as part of the current column value, even
 * if it normally serves a special purpose". NULL AS is looked for before escapes are taken off.
 */
function delimitedRow(
  text: string,
  start: number,
  format: Extract<LineFormat, { readonly kind: "delimited" }>,
  { nullAs }: CopyCommand,
): Scanned {
  const { delimiter, escape } = format;
  const fields: (string | null)[] = [];
  let lines = 1;
  let fieldStart = start;
  let plain = "";
  let plainStart = start;
  let at = start;
  const endField = (): void => {
    fields.push(text.slice(fieldStart, at) === nullAs ? null : plain + text.slice(plainStart, at));
    plain = "";
  };
  for (;;) {
    if (at >= text.length) {
      endField();
      return { fields, rawEnd: at, end: at, lines };
    }
    const character = text[at];
    if (escape && character === "\\" && at + 1 < text.length) {
      plain += text.slice(plainStart, at);
      plainStart = at + 1;
      if (text.charCodeAt(at + 1) === 10) lines += 1;
      at += 2;
      continue;
    }
    const ending = lineEndAt(text, at);
    if (ending > 0) {
      endField();
      return { fields, rawEnd: at, end: at + ending, lines };
    }
    if (character === delimiter) {
      endField();
      fieldStart = at + 1;
      plainStart = fieldStart;
    }
    at += 1;
  }
}

/**
 * CSV: quotes are doubled inside quotes, line ends and delimiters may stand there. Whether a quoted NULL AS text is a
 * NULL is not documented; it is one here, so that nobody relies on the quotes.
 */
function csvRow(
  text: string,
  start: number,
  { delimiter, quote }: Extract<LineFormat, { readonly kind: "csv" }>,
  { nullAs }: CopyCommand,
): Scanned {
  const fields: (string | null)[] = [];
  let lines = 1;
  let at = start;
  for (;;) {
    let value = "";
    if (text[at] === quote) {
      for (;;) {
        const end = text.indexOf(quote, at + 1);
        if (end === -1)
          return {
            fields,
            rawEnd: text.length,
            end: text.length,
            lines,
            problem: { code: 1216, reason: "Invalid quote formatting for CSV", columnIndex: fields.length },
          };
        const piece = text.slice(at + 1, end);
        lines += piece.split("\n").length - 1;
        value += piece;
        at = end + 1;
        if (text[at] !== quote) break;
        value += quote;
      }
    }
    const plainStart = at;
    while (at < text.length && text[at] !== delimiter && lineEndAt(text, at) === 0) at += 1;
    value += text.slice(plainStart, at);
    fields.push(value === nullAs ? null : value);
    const ending = at >= text.length ? 0 : lineEndAt(text, at);
    if (ending > 0 || at >= text.length) return { fields, rawEnd: at, end: at + ending, lines };
    at += 1;
  }
}
