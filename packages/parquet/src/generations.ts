import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { type Convert, converterOf, Misfit } from "./convert.js";
import { grow, type Growth } from "./grow.js";
import { describe, type StructType } from "./types.js";

/** So many rows are looked through in one turn of the event loop. */
const ROWS_PER_TURN = 5_000;

interface Generation {
  readonly name: string;
  readonly schema: StructType;
  readonly convert: Convert;
}

/**
 * The schemas of a format over time, each taking all rows of those before it. A row that does not fit the newest one starts the next, and with it
 * a new object: objects hold rows of one generation.
 */
export class Generations {
  readonly #growth: Growth;
  readonly #first: Generation;
  #newest: Generation;
  /** Of the rows that this process took in. */
  readonly #ofRow = new WeakMap<object, Generation>();

  constructor(first: StructType, growth: Growth) {
    this.#growth = growth;
    this.#first = generationOf(first);
    this.#newest = this.#first;
  }

  /**
   * The name of the generation that a row belongs to.
   * @throws KinesisConnectorError `KC_RECORD_POISON` where the policy does not allow what the row brings
   */
  take(row: object): string {
    const grown = grownBy(this.#newest, row, this.#growth);
    if (grown instanceof Misfit)
      throw new KinesisConnectorError(
        "KC_RECORD_POISON",
        `the record does not fit the Parquet columns: ${grown.path} ${grown.reason}`,
      );
    this.#newest = grown;
    this.#ofRow.set(row, grown);
    return grown.name;
  }

  /**
   * The schema of an object's rows. Rows that another process took in bring what their schema had: it is grown here from the newest one known, or from
   * the first where those rows have gone another way. Rows that fit neither are left to the encoder to name.
   */
  async schemaOf(rows: readonly object[], signal: AbortSignal): Promise<StructType> {
    const [row] = rows;
    const known = row === undefined ? undefined : this.#ofRow.get(row);
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
    for (const [index, row] of rows.entries()) {
      if (index % ROWS_PER_TURN === 0) {
        await nextTurn();
        signal.throwIfAborted();
      }
      if (this.#ofRow.get(row) === generation) continue;
      const grown = grownBy(generation, row, this.#growth);
      if (grown instanceof Misfit) isForAll = false;
      else generation = grown;
    }
    return { generation, isForAll };
  }
}

/** Most rows fit, which a conversion made once per generation finds out sooner than the search for what would have to grow. */
function grownBy(generation: Generation, row: object, growth: Growth): Generation | Misfit {
  if (!(generation.convert(row) instanceof Misfit)) return generation;
  const grown = grow(generation.schema, row, growth);
  if (grown instanceof Misfit) return grown;
  return grown === generation.schema ? generation : generationOf(grown);
}

function generationOf(schema: StructType): Generation {
  return {
    schema,
    convert: converterOf({ type: schema, required: true }, "row"),
    name: createHash("sha256").update(describe(schema)).digest("hex").slice(0, 16),
  };
}
