import type { JsonScanner } from "./json-scanner.js";

/** When so many records of an answer were written each in its own way, the next ones are not compared any more. */
const maxPatterns = 8;

/**
 * What stood between the values of a record: space, punctuation and names. A service writes all records of an answer in one way, so the
 * next one has the same bytes there, and where it has them no name in it need be found and looked up. What is learned are places in
 * the answer's bytes: they are of use until these change.
 */
export class RecordPattern {
  /** The members whose values come, in the order in which they are written. */
  readonly members: number[] = [];
  /** The encryption type is the same for all records of a shard, so its value is one of the bytes that are compared. */
  encryptionType: string | undefined = undefined;
  /** Where each gap begins and ends: before the first value, between two of them, after the last one. */
  readonly #gaps: number[] = [];
  #learned = 0;

  /** Whether there is something to compare the next record with. */
  get isKnown(): boolean {
    return this.#gaps.length > 0;
  }

  /** Forgets, and begins to learn from the record at this place. */
  begin(at: number): void {
    this.members.length = 0;
    this.encryptionType = undefined;
    this.#gaps.length = 0;
    this.#gaps.push(at);
  }

  /** Learns of a member's value, from its first byte to the one after its last. */
  value(member: number, start: number, end: number): void {
    this.members.push(member);
    this.#gaps.push(start, end);
  }

  /** Learns that the record was sound, and ends here. */
  end(at: number): void {
    this.#learned += 1;
    if (this.#learned > maxPatterns) this.#gaps.length = 0;
    else this.#gaps.push(at);
  }

  /** Reads over the gap before this value, counted from 0, or over the one after the last; false where other bytes are. */
  readGap(scanner: JsonScanner, value: number): boolean {
    const start = this.#gaps[value * 2] ?? 0;
    const length = (this.#gaps[value * 2 + 1] ?? 0) - start;
    const { view, at } = scanner;
    if (length > scanner.bytes.length - at) return false;
    let index = 0;
    for (; index <= length - 4; index += 4)
      if (view.getInt32(at + index) !== view.getInt32(start + index)) return false;
    for (; index < length; index += 1)
      if (view.getInt8(at + index) !== view.getInt8(start + index)) return false;
    scanner.at = at + length;
    return true;
  }
}
