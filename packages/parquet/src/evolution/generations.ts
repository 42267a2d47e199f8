import { setImmediate as nextTurn } from "node:timers/promises";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { type Convert, converterOf, Misfit } from "../columns/convert.js";
import { grow, type Growth } from "./grow.js";
import type { StructType } from "../columns/types.js";

/** So many rows that this process did not take in are looked through in one turn of the event loop. */
const ROWS_PER_TURN = 1_000;

/** So many rows in a row have to fit a schema before it is worth making a conversion of all its columns. */
const ROWS_BEFORE_CONVERSION = 8;

/**
 * The schemas of a format over time, each taking all rows of those before it. A row that does not fit the newest one starts the next. The rows of an object
 * are written with the newest schema that one of them has brought, which the others fit as well.
 */
export class Generations {
  readonly #growth: Growth;
  readonly #first: Generation;
  #newest: Generation;
  /** Of the rows that this process took in. */
  readonly #ofRow = new WeakMap<object, Generation>();

  constructor(first: StructType, growth: Growth) {
    this.#growth = growth;
    this.#first = new Generation(first);
    this.#newest = this.#first;
  }

  /**
   * Takes a row in, and grows by what it brings.
   * @throws KinesisConnectorError `KC_RECORD_POISON` where the policy does not allow what the row brings
   */
  take(row: object): void {
    const grown = this.#newest.grownBy(row, this.#growth);
    if (grown instanceof Misfit)
      throw new KinesisConnectorError(
        "KC_RECORD_POISON",
        `the record does not fit the Parquet columns: ${grown.path} ${grown.reason}`,
      );
    this.#newest = grown;
    this.#ofRow.set(row, grown);
  }

  /**
   * The schema of an object's rows. Rows that another process took in bring what their schema had: it is grown here from the newest one known, or from
   * the first where those rows have gone another way. Rows that fit neither are left to the encoder to name.
   */
  async schemaOf(rows: readonly object[], signal: AbortSignal): Promise<StructType> {
    // Schemas only grow, so the last row's takes the others.
    const last = rows.at(-1);
    const known = last === undefined ? undefined : this.#ofRow.get(last);
    const found = await this.#grownBy(rows, known ?? this.#newest, signal);
    if (found.isForAll) return found.generation.schema;
    return (await this.#grownBy(rows, this.#first, signal)).generation.schema;
  }

  async #grownBy(
    rows: readonly object[],
    start: Generation,
    signal: AbortSignal,
  ): Promise<{ readonly generation: Generation; readonly isForAll: boolean }> {
    let generation = start;
    let isForAll = true;
    let looked = 0;
    for (const row of rows) {
      if (start !== this.#first && this.#ofRow.has(row)) continue;
      if (looked % ROWS_PER_TURN === 0) {
        await nextTurn();
        signal.throwIfAborted();
      }
      looked += 1;
      const grown = generation.grownBy(row, this.#growth);
      if (grown instanceof Misfit) isForAll = false;
      else generation = grown;
    }
    return { generation, isForAll };
  }
}

/** One of these schemas. */
class Generation {
  readonly schema: StructType;
  #convert: Convert | undefined;
  #fitting = 0;

  constructor(schema: StructType) {
    this.schema = schema;
  }

  /**
   * Itself where the row fits. Where most rows fit, a conversion made once finds that out sooner than the search for what would have to grow; where each
   * row brings something, making one would cost as much as the schema is wide.
   */
  grownBy(row: object, growth: Growth): Generation | Misfit {
    if (this.#convert !== undefined && !(this.#convert(row) instanceof Misfit)) return this;
    const grown = grow(this.schema, row, growth);
    if (grown instanceof Misfit) return grown;
    if (grown !== this.schema) return new Generation(grown);
    this.#fitting += 1;
    if (this.#fitting === ROWS_BEFORE_CONVERSION)
      this.#convert = converterOf({ type: this.schema, required: true }, "row");
    return this;
  }
}
