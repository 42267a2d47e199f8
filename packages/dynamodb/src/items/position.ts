import type { BufferEntry, Position } from "@kinesis-connectors/core";

/** Digits of a sequence number as Kinesis gives them today; a number of DynamoDB holds 38, so positions are texts. */
const SEQUENCE_DIGITS = 56;
const SUB_SEQUENCE_DIGITS = 10;
const ORDINAL_DIGITS = 6;

/**
 * A position as a text that DynamoDB orders like the stream: `<56 digits>.<10 digits>`, and `.<6 digits>` for the second and later
 * outputs of one record. A longer sequence number (the API permits 129 digits) begins with a letter and its length, and so comes after
 * all of 56. Pure.
 */
export function positionText({ sequenceNumber, subSequenceNumber }: Position, ordinal: number): string {
  const digits = sequenceNumber.replace(/^0+(?=\d)/, "");
  const sequence =
    digits.length <= SEQUENCE_DIGITS
      ? digits.padStart(SEQUENCE_DIGITS, "0")
      : `x${padded(digits.length, 3)}${digits}`;
  const text = `${sequence}.${padded(subSequenceNumber, SUB_SEQUENCE_DIGITS)}`;
  return ordinal === 0 ? text : `${text}.${padded(ordinal, ORDINAL_DIGITS)}`;
}

/** Which output of its record an entry is, from 0. It stays the same when only some entries of a batch are emitted again. */
export class Ordinals {
  /** Of second and later outputs alone, which few pipelines have. */
  readonly #known = new WeakMap<object, number>();
  #isAnyKnown = false;

  /** Must be called for the entries of a batch in their order, before any of them is asked for. */
  learn(entries: readonly BufferEntry<unknown>[]): void {
    let previous: BufferEntry<unknown> | undefined;
    for (const entry of entries) {
      const follows =
        previous !== undefined &&
        previous.record.sequenceNumber === entry.record.sequenceNumber &&
        previous.record.subSequenceNumber === entry.record.subSequenceNumber;
      if (follows && !this.#known.has(entry)) {
        this.#known.set(entry, this.of(previous) + 1);
        this.#isAnyKnown = true;
      }
      previous = entry;
    }
  }

  of(entry: BufferEntry<unknown> | undefined): number {
    return entry === undefined || !this.#isAnyKnown ? 0 : (this.#known.get(entry) ?? 0);
  }
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
