import { KinesisConnectorError } from "@kinesis-connectors/core";

const BYTES_PER_NUMBER = 8;

/** The object of each entry of a batch, by its index, run-length coded in base 36: `0*1o,1,0` is sixty entries in the first object, one in the second, one in the first. */
export class ObjectIndexes {
  /** Indexes and lengths of the runs that have ended, as numbers: a text that grows with each record would cost as much as the record. */
  readonly #runs: number[] = [];
  #current = -1;
  #length = 0;

  add(index: number): void {
    if (index === this.#current) {
      this.#length += 1;
      return;
    }
    this.#close();
    this.#current = index;
    this.#length = 1;
  }

  /** Bytes of memory that it holds. */
  get heldBytes(): number {
    return this.#runs.length * BYTES_PER_NUMBER;
  }

  /** Nothing can be added any more. */
  end(): string {
    this.#close();
    const runs: string[] = [];
    for (let at = 0; at < this.#runs.length; at += 2) {
      const [index = 0, length = 0] = [this.#runs[at], this.#runs[at + 1]];
      runs.push(`${index.toString(36)}${length === 1 ? "" : `*${length.toString(36)}`}`);
    }
    return runs.join(",");
  }

  #close(): void {
    if (this.#length > 0) this.#runs.push(this.#current, this.#length);
    this.#length = 0;
  }
}

/** The objects of all entries, coded. */
export function codeIndexes(indexes: Iterable<number>): string {
  const coded = new ObjectIndexes();
  for (const index of indexes) coded.add(index);
  return coded.end();
}

const RUN = /^([0-9a-z]+)(?:\*([0-9a-z]+))?$/;

/**
 * The object of each entry, by its index, in order.
 * @throws KinesisConnectorError `KC_REPLAY_DIFFERS` when the text was not written by `codeIndexes`, or names more than `objectCount` objects
 */
export function readIndexes(coded: string, objectCount: number): readonly number[] {
  const indexes: number[] = [];
  for (const text of coded === "" ? [] : coded.split(",")) {
    const [, digits, length = "1"] = RUN.exec(text) ?? [];
    const index = digits === undefined ? Number.NaN : Number.parseInt(digits, 36);
    if (!(index < objectCount))
      throw new KinesisConnectorError(
        "KC_REPLAY_DIFFERS",
        "the stored object indexes of the prepared batch cannot be read",
      );
    for (let left = Number.parseInt(length, 36); left > 0; left -= 1) indexes.push(index);
  }
  return indexes;
}
