import { isUtf8 } from "node:buffer";
import { copyColumns, fieldFor, refusalOf, type CopyColumn } from "./copy-columns.js";
import { copyFiles, readText, type CopyFile, type CopyObjects } from "./copy-files.js";
import { fieldsByName, fieldsByPath, jsonRows } from "./copy-json.js";
import { textRows, type CopyRow, type RowProblem } from "./copy-rows.js";
import type { CopyCommand } from "./copy-statement.js";
import type { Session } from "../databases/database.js";
import { SqlFailure } from "../errors.js";
import { quoteName } from "../sql/sql-tokens.js";

/** A row that was not loaded, as the load-error views show it. */
export interface LoadError {
  readonly tableName: string;
  readonly fileUrl: string;
  readonly line: number;
  readonly column: CopyColumn | undefined;
  readonly raw: string;
  readonly rawField: string;
  readonly problem: RowProblem;
}

/** What a COPY works with. */
export interface CopyContext {
  readonly session: Session;
  readonly objects: CopyObjects;
  /** Takes the rows that were not loaded; they are written down when the transaction has ended. */
  readonly errors: LoadError[];
  /** The view that the error names: the one of clusters or of workgroups. */
  readonly errorView: string;
}

/** What stands for SUPER here. */
const SUPER = "jsonb";

/** Characters of PostgreSQL's text that go in one piece. */
const CHUNK_LENGTH = 4 * 1024 * 1024;

/**
 * Loads files into a table, inside the transaction that the session is in: all of them or, when it throws, none.
 *
 * @returns rows loaded
 * @throws {SqlFailure} when more rows are refused than MAXERROR allows
 */
export async function copyLoad(command: CopyCommand, context: CopyContext): Promise<number> {
  const columns = await copyColumns(context.session, command);
  const files = await copyFiles(command, context.objects);
  const load = new Load(command, context, columns);
  for (const file of files) {
    for (const row of rowsOf(file, command, columns, context.objects)) {
      load.add(file, row);
      if (load.isFull()) await load.flush();
    }
  }
  await load.flush();
  return load.count;
}

function rowsOf(
  { body }: CopyFile,
  command: CopyCommand,
  columns: readonly CopyColumn[],
  objects: CopyObjects,
): Iterable<CopyRow> {
  const text = body.toString("utf8");
  const { format } = command;
  const names = columns.map((column) => column.name);
  const rows =
    format.kind !== "json"
      ? textRows(text, command, format)
      : jsonRows(
          text,
          format.keys === "paths"
            ? fieldsByPath(readText(format.pathsUrl, objects), names.length)
            : fieldsByName(names, format.keys === "auto ignorecase"),
          columns.map(({ type }) => type === SUPER),
        );
  return isUtf8(body) ? rows : refuseReplaced(rows);
}

/** In a file that is not UTF-8 the broken rows are those with replacement characters. */
function* refuseReplaced(rows: Iterable<CopyRow>): Generator<CopyRow> {
  for (const row of rows)
    yield row.raw.includes("\ufffd")
      ? { ...row, problem: { code: 1220, reason: "String contains invalid or unsupported UTF8 codepoints" } }
      : row;
}

interface PendingRow {
  readonly file: CopyFile;
  readonly row: CopyRow;
  readonly line: string;
}

/** Rows on their way into the table. */
class Load {
  count = 0;
  readonly #command: CopyCommand;
  readonly #context: CopyContext;
  readonly #columns: readonly CopyColumn[];
  readonly #sql: string;
  #pending: PendingRow[] = [];
  #length = 0;
  #refused = 0;

  constructor(command: CopyCommand, context: CopyContext, columns: readonly CopyColumn[]) {
    this.#command = command;
    this.#context = context;
    this.#columns = columns;
    const names = columns.map((column) => quoteName(column.name)).join(", ");
    this.#sql = `COPY ${command.table} (${names}) FROM STDIN`;
  }

  isFull(): boolean {
    return this.#length >= CHUNK_LENGTH;
  }

  add(file: CopyFile, row: CopyRow): void {
    const line = this.#lineOf(row);
    if (typeof line !== "string") this.#refuse(file, row, line);
    else {
      this.#pending.push({ file, row, line });
      this.#length += line.length;
    }
  }

  /** Sends what is pending. A row that the database refuses is taken out and the rest sent again. */
  async flush(): Promise<void> {
    const { session } = this.#context;
    // Without MAXERROR the first refusal ends the transaction: nothing to go back to.
    const tolerant = this.#command.maxErrors > 0;
    while (this.#pending.length > 0) {
      if (tolerant) await session.query("SAVEPOINT local_copy");
      try {
        await session.copyIn(this.#sql, this.#pending.map(({ line }) => line).join(""));
        this.count += this.#pending.length;
        this.#pending = [];
      } catch (error) {
        const refused = this.#refusedRow(error);
        if (refused === undefined) throw error;
        const { file, row } = refused.pending;
        this.#refuse(file, row, refused.problem);
        await session.query("ROLLBACK TO SAVEPOINT local_copy");
        this.#pending = this.#pending.filter((pending) => pending !== refused.pending);
      }
    }
    this.#length = 0;
  }

  #lineOf(row: CopyRow): string | RowProblem {
    if (row.problem !== undefined) return row.problem;
    if (row.fields.length < this.#columns.length)
      return { code: 1214, reason: "Delimiter not found", columnIndex: row.fields.length };
    if (row.fields.length > this.#columns.length) return { code: 1202, reason: "Extra column(s) found" };
    let line = "";
    for (const [index, column] of this.#columns.entries()) {
      const value = fieldFor(row.fields[index] ?? null, column, this.#command);
      if (typeof value === "object" && value !== null) return { ...value, columnIndex: index };
      if (index > 0) line += "\t";
      line += value === null ? "\\N" : escaped(value);
    }
    return `${line}\n`;
  }

  /**
   * PostgreSQL says where: `COPY t, line 2, column a: "x"`; before it may stand where in a value something is, as `JSON data, line 1: x`. Other failures
   * than of data are not a row's.
   */
  #refusedRow(error: unknown): { readonly pending: PendingRow; readonly problem: RowProblem } | undefined {
    if (!(error instanceof SqlFailure) || !/^2[23]/.test(error.sqlState ?? "")) return undefined;
    const [, line, name] = /^COPY .*?, line (\d+)(?:, column (.*?):)?/m.exec(error.where ?? "") ?? [];
    const pending = this.#pending[Number(line) - 1];
    if (pending === undefined) return undefined;
    const columnIndex = this.#columns.findIndex((column) => column.name === name);
    const column = this.#columns[columnIndex];
    const problem =
      column === undefined ? { code: 1200, reason: "The row was refused" } : refusalOf(column.type);
    return { pending, problem: columnIndex === -1 ? problem : { ...problem, columnIndex } };
  }

  #refuse(file: CopyFile, row: CopyRow, problem: RowProblem): void {
    const { errors, errorView } = this.#context;
    const { columnIndex = -1 } = problem;
    this.#refused += 1;
    errors.push({
      tableName: this.#command.tableName,
      fileUrl: file.url,
      line: row.line,
      column: this.#columns[columnIndex],
      raw: row.raw,
      rawField: row.fields[columnIndex] ?? "",
      problem,
    });
    // "If the load returns the error_count number of errors or greater, the load fails"; 0 is as 1.
    if (this.#refused >= this.#command.maxErrors)
      throw new SqlFailure(
        `Load into table '${this.#command.tableName}' failed.  Check '${errorView}' system table for details.`,
        { sqlState: "XX000" },
      );
  }
}

const special: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A value in PostgreSQL's text format. */
function escaped(value: string): string {
  return /[\\\n\r\t]/.test(value)
    ? value.replaceAll(/[\\\n\r\t]/g, (character) => special[character] ?? "")
    : value;
}
