import { asError, type BufferEntry, type FailedEntry, poisonRecord } from "@kinesis-connectors/core";
import { MAX_ROW_BYTES, MAX_STATEMENT_CHARACTERS } from "./limits.js";
import { elementOf, leastBytesOf } from "./rows/cells.js";
import type { Column, Target } from "./target/target.js";

/** The rows of one statement: a parameter for each column, an array in its text form. */
export interface RowStatement<Row> {
  readonly entries: readonly BufferEntry<Row>[];
  readonly values: readonly string[];
}

/** The elements of a row, one for each parameter. */
type RowElements = readonly string[];

/**
 * Splits rows into statements, one after the other as they are asked for. In an upsert the outputs of one record stay together, so that the guard, which
 * knows positions alone, never stands between them. Rows that have no form in PostgreSQL are left out.
 *
 * @param refused takes the rows that are left out
 */
export function* rowStatements<Row>(
  entries: readonly BufferEntry<Row>[],
  target: Target<Row>,
  maxRows: number,
  refused: FailedEntry<Row>[],
): Generator<RowStatement<Row>, void> {
  const parameters = new Parameters<Row>(target);
  for (const entry of entries) {
    let row: RowElements;
    try {
      row = elementsOf(entry, target);
    } catch (thrown) {
      refused.push({ entry, action: "dead-letter", error: asError(thrown) });
      continue;
    }
    const isFull =
      parameters.rowCount >= maxRows || parameters.characters + charactersOf(row) > MAX_STATEMENT_CHARACTERS;
    const isWithinRecord = target.mode.type === "upsert" && parameters.lastRecord === entry.record;
    if (isFull && !isWithinRecord && parameters.rowCount > 0) yield parameters.take();
    parameters.add(entry, row);
  }
  if (parameters.rowCount > 0) yield parameters.take();
}

/** The same rows as one statement; all of them have a form. */
export function oneStatement<Row>(
  entries: readonly BufferEntry<Row>[],
  target: Target<Row>,
): RowStatement<Row> {
  const parameters = new Parameters<Row>(target);
  for (const entry of entries) parameters.add(entry, elementsOf(entry, target));
  return parameters.take();
}

class Parameters<Row> {
  #entries: BufferEntry<Row>[] = [];
  #columns: string[][];
  characters = 0;

  constructor({ columns, mode }: Target<Row>) {
    const own = mode.type === "insert" ? 0 : (mode.guarded ? 2 : 0) + (mode.remove === undefined ? 0 : 1);
    this.#columns = Array.from({ length: columns.length + own }, () => []);
  }

  get rowCount(): number {
    return this.#entries.length;
  }

  get lastRecord(): unknown {
    return this.#entries.at(-1)?.record;
  }

  add(entry: BufferEntry<Row>, row: RowElements): void {
    this.#entries.push(entry);
    for (let index = 0; index < row.length; index += 1) this.#columns[index]?.push(row[index] as string);
    this.characters += charactersOf(row);
  }

  take(): RowStatement<Row> {
    const statement = {
      entries: this.#entries,
      values: this.#columns.map((elements) => `{${elements.join(",")}}`),
    };
    this.#entries = [];
    this.#columns = this.#columns.map(() => []);
    this.characters = 0;
    return statement;
  }
}

/**
 * The elements of a row: those of its columns, and what the mode adds to them.
 * @throws KinesisConnectorError `KC_RECORD_POISON`, or what `remove` throws
 */
function elementsOf<Row>({ output, record }: BufferEntry<Row>, { columns, mode }: Target<Row>): RowElements {
  if (typeof output !== "object" || output === null)
    throw poisonRecord("the output is no object, whose fields are the columns");
  const row = output as Readonly<Record<string, unknown>>;
  let bytes = 0;
  for (const { name } of columns) bytes += leastBytesOf(row[name]);
  if (bytes > MAX_ROW_BYTES) throw tooLarge();
  const isRemoved = mode.type === "upsert" && mode.remove?.(output, record) === true;
  const elements: string[] = [];
  let characters = 0;
  for (const column of columns) {
    const value = row[column.name];
    if (column.isKey && (value === undefined || value === null))
      throw poisonRecord(`the row has no value for the column ${column.name}, which is of its key`);
    const element = isRemoved && !column.isKey ? "NULL" : fitting(value, column);
    elements.push(element);
    characters += element.length;
  }
  if (characters > MAX_ROW_BYTES) throw tooLarge();
  if (mode.type === "insert") return elements;
  if (mode.guarded) elements.push(record.sequenceNumber, String(record.subSequenceNumber));
  if (mode.remove !== undefined) elements.push(String(isRemoved));
  return elements;
}

function fitting(value: unknown, column: Column): string {
  try {
    return elementOf(value, column);
  } catch (thrown) {
    // A text of more characters than a text of JavaScript has.
    if (thrown instanceof RangeError) throw tooLarge();
    throw thrown;
  }
}

function tooLarge(): Error {
  return poisonRecord(`the row has more than ${MAX_ROW_BYTES} bytes, which no table of PostgreSQL holds`);
}

function charactersOf(row: RowElements): number {
  let characters = row.length;
  for (const element of row) characters += element.length;
  return characters;
}
