import { asError, type BufferEntry, type FailedEntry, poisonRecord } from "@kinesis-connectors/core";
import { MAX_ROW_BYTES, MAX_STATEMENT_CHARACTERS } from "./limits.js";
import { elementOf, leastBytesOf } from "./rows/cells.js";
import type { Column, Target } from "./target/target.js";

/** The rows of one statement: a parameter for each column, an array in its text form. */
export interface RowStatement<Row> {
  readonly entries: readonly BufferEntry<Row>[];
  readonly values: readonly string[];
}

/**
 * Splits rows into statements, one after the other as they are asked for. In an upsert the outputs of one record stay together, so that the guard, which
 * knows positions alone, never stands between them. Rows that have no form in PostgreSQL go to `refused`, and what was to go with them is not given: then
 * nothing may be written anyway.
 */
export function* rowStatements<Row>(
  entries: readonly BufferEntry<Row>[],
  target: Target<Row>,
  maxRows: number,
  refused: FailedEntry<Row>[],
): Generator<RowStatement<Row>, void> {
  for (let from = 0; from < entries.length;) {
    const to = endOf(entries, from, Math.min(from + maxRows, entries.length), target);
    const block = new Block(from === 0 && to === entries.length ? entries : entries.slice(from, to), target);
    from = to;
    if (block.isWhole) yield* block.statements();
    else refused.push(...block.refused);
  }
}

/** The same rows as one statement. @throws what makes one of them a dead letter */
export function oneStatement<Row>(
  entries: readonly BufferEntry<Row>[],
  target: Target<Row>,
): RowStatement<Row> {
  const block = new Block(entries, target);
  const [refused] = block.isWhole ? [] : block.refused;
  if (refused !== undefined) throw refused.error;
  return block.statement(0, entries.length);
}

/** Where a statement may end that would end at `to`: not within a record's outputs, in an upsert. */
function endOf<Row>(
  entries: readonly BufferEntry<Row>[],
  from: number,
  to: number,
  { mode }: Target<Row>,
): number {
  let end = to;
  if (mode.type === "upsert")
    while (end > from && end < entries.length && entries[end]?.record === entries[end - 1]?.record) end += 1;
  return end;
}

/** Rows, column by column: each column has one kind of values, which is quicker than row by row. */
class Block<Row> {
  readonly #entries: readonly BufferEntry<Row>[];
  readonly #target: Target<Row>;
  /** The elements of each parameter. */
  readonly #parameters: string[][];
  /** Characters of each row. */
  readonly #characters: Float64Array;
  /** Why rows are looked at no further, by their place. */
  readonly #refused = new Map<number, Error>();
  readonly #isRemoved: boolean[] = [];

  constructor(entries: readonly BufferEntry<Row>[], target: Target<Row>) {
    this.#entries = entries;
    this.#target = target;
    this.#characters = new Float64Array(entries.length);
    this.#lookAtRows();
    this.#parameters = target.columns.map((column) => this.#elementsOf(column));
    for (let index = 0; index < entries.length; index += 1)
      if ((this.#characters[index] ?? 0) > MAX_ROW_BYTES) this.#refuse(index, tooLarge());
    const { mode } = target;
    if (mode.type === "insert") return;
    if (mode.guarded)
      this.#parameters.push(
        entries.map(({ record }) => record.sequenceNumber),
        entries.map(({ record }) => String(record.subSequenceNumber)),
      );
    if (mode.remove !== undefined)
      this.#parameters.push(entries.map((_, index) => String(this.#isRemoved[index] === true)));
  }

  /** The rows that have no form, in the order of the stream. */
  get refused(): readonly FailedEntry<Row>[] {
    return this.#entries.flatMap((entry, index) => {
      const error = this.#refused.get(index);
      return error === undefined ? [] : [{ entry, action: "dead-letter", error }];
    });
  }

  get isWhole(): boolean {
    return this.#refused.size === 0;
  }

  *statements(): Generator<RowStatement<Row>, void> {
    let from = 0;
    let characters = 0;
    for (let to = 0; to < this.#entries.length; to += 1) {
      const own = this.#characters[to] ?? 0;
      if (
        to > from &&
        characters + own > MAX_STATEMENT_CHARACTERS &&
        endOf(this.#entries, from, to, this.#target) === to
      ) {
        yield this.statement(from, to);
        from = to;
        characters = 0;
      }
      characters += own;
    }
    yield this.statement(from, this.#entries.length);
  }

  statement(from: number, to: number): RowStatement<Row> {
    const isWhole = from === 0 && to === this.#entries.length;
    return {
      entries: isWhole ? this.#entries : this.#entries.slice(from, to),
      values: this.#parameters.map((all) => `{${(isWhole ? all : all.slice(from, to)).join(",")}}`),
    };
  }

  /** What is wrong with a row as a whole, before any of its values is looked into. */
  #lookAtRows(): void {
    const { columns, mode } = this.#target;
    for (let index = 0; index < this.#entries.length; index += 1) {
      const { output, record } = this.#entries[index] as BufferEntry<Row>;
      try {
        if (typeof output !== "object" || output === null)
          throw poisonRecord("the output is no object, whose fields are the columns");
        const row = output as Readonly<Record<string, unknown>>;
        let bytes = 0;
        for (const { name } of columns) bytes += leastBytesOf(row[name]);
        if (bytes > MAX_ROW_BYTES) throw tooLarge();
        if (mode.type === "upsert" && mode.remove !== undefined)
          this.#isRemoved[index] = mode.remove(output, record);
      } catch (thrown) {
        this.#refuse(index, asError(thrown));
      }
    }
  }

  #elementsOf(column: Column): string[] {
    const { name, isKey } = column;
    const elements: string[] = [];
    for (let index = 0; index < this.#entries.length; index += 1) {
      let element = "NULL";
      if (!this.#refused.has(index) && (isKey || this.#isRemoved[index] !== true)) {
        try {
          const row = this.#entries[index]?.output as Readonly<Record<string, unknown>>;
          element = elementOf(row[name], column);
          if (isKey && element === "NULL")
            throw poisonRecord(`the row has no value for the column ${name}, which is of its key`);
        } catch (thrown) {
          // A text of more characters than a text of JavaScript has.
          this.#refuse(index, thrown instanceof RangeError ? tooLarge() : asError(thrown));
        }
      }
      elements.push(element);
      this.#characters[index] = (this.#characters[index] ?? 0) + element.length + 1;
    }
    return elements;
  }

  #refuse(index: number, error: Error): void {
    if (!this.#refused.has(index)) this.#refused.set(index, error);
  }
}

function tooLarge(): Error {
  return poisonRecord(`the row has more than ${MAX_ROW_BYTES} bytes, which no table of PostgreSQL holds`);
}
