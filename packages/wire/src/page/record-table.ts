import { WireFormatError } from "../wire-format-error.js";

/** Where a record's parts stand in its row of `places`; each has a start, inclusive, and an end, exclusive, in bytes of the page. */
export const dataPlace = 0;
export const keyPlace = 2;
export const sequencePlace = 4;
const rowLength = 6;

const firstRows = 64;
/** Of a table that has no row yet. */
const noPlaces = new Int32Array(0);
const noTimes = new Float64Array(0);
/** A record in either form is longer than this: so many rows at most are made before the records have been seen. */
const leastRecordBytes = 32;
/** GetRecords answers 10,000 at most (API reference, Limit). A record may take 37 bytes on the wire, and takes three times that in memory. */
const maxRecords = 100_000;

/**
 * The bytes of one answer and where its records lie in them, in numbers instead of objects: ten thousand records are two arrays. A
 * scanner fills it row by row; afterwards it does not change.
 */
export class RecordTable {
  readonly #bodyBytes: number;
  places: Int32Array;
  /** Epoch milliseconds; NaN where the service gave none. */
  times: Float64Array;
  encryptionTypes: (string | undefined)[] | undefined;
  /** Rows begun. */
  length = 0;

  /** @param bodyBytes - length of the answer */
  constructor(bodyBytes: number) {
    this.#bodyBytes = bodyBytes;
    this.places = noPlaces;
    this.times = noTimes;
    this.encryptionTypes = undefined;
  }

  /** Makes room for as many records as are declared, as far as the answer can hold them; for none, as an idle shard answers, none. */
  expect(records: number): void {
    if (records === 0) return;
    const rows = Math.max(firstRows, Math.min(records, Math.ceil(this.#bodyBytes / leastRecordBytes)));
    if (rows > this.times.length) this.#grow(Math.min(rows, maxRecords));
  }

  /**
   * Begins a row; gives the index of its first place.
   * @throws WireFormatError when there are more than any answer has
   */
  begin(): number {
    const index = this.length;
    if (index >= this.times.length) {
      if (index >= maxRecords)
        throw new WireFormatError(
          `the answer has more than ${maxRecords} records; it was damaged: ask again`,
        );
      this.#grow(Math.min(Math.max(firstRows, index * 2), maxRecords));
    }
    this.length = index + 1;
    const row = index * rowLength;
    this.clear(row);
    return row;
  }

  /** Makes the last row as if it had just been begun. */
  clear(row: number): void {
    const { places, length } = this;
    places[row + dataPlace] = -1;
    places[row + keyPlace] = -1;
    places[row + sequencePlace] = -1;
    this.times[length - 1] = Number.NaN;
    if (this.encryptionTypes !== undefined) this.encryptionTypes[length - 1] = undefined;
  }

  set(row: number, place: number, start: number, end: number): void {
    const { places } = this;
    places[row + place] = start;
    places[row + place + 1] = end;
  }

  /** Says where the data of a record ends that was longer as a text. */
  setDataEnd(index: number, end: number): void {
    this.places[index * rowLength + dataPlace + 1] = end;
  }

  setEncryptionType(type: string): void {
    this.encryptionTypes ??= [];
    this.encryptionTypes[this.length - 1] = type;
  }

  /** Required by the service's model; without this a damaged name would make data vanish. */
  isComplete(row: number): boolean {
    const { places } = this;
    return (
      (places[row + dataPlace] ?? -1) >= 0 &&
      (places[row + keyPlace] ?? -1) >= 0 &&
      (places[row + sequencePlace] ?? -1) >= 0
    );
  }

  place(index: number, place: number): number {
    return this.places[index * rowLength + place] ?? 0;
  }

  /** Bytes of data of all records. */
  get dataBytes(): number {
    const { places } = this;
    const end = this.length * rowLength;
    let bytes = 0;
    for (let row = dataPlace; row < end; row += rowLength)
      bytes += (places[row + 1] ?? 0) - (places[row] ?? 0);
    return bytes;
  }

  #grow(rows: number): void {
    const places = new Int32Array(rows * rowLength);
    places.set(this.places);
    this.places = places;
    const times = new Float64Array(rows);
    times.set(this.times);
    this.times = times;
  }
}
