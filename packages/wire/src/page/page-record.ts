import { startsWithMagic } from "../aggregation/aggregate-format.js";
import { AggregatedRecord } from "./aggregated-record.js";
import type { Page } from "./page.js";
import { dataPlace, keyPlace, type RecordTable, sequencePlace } from "./record-table.js";

/**
 * A record as it lies in the answer it came with. Its texts are decoded and its data is viewed when first asked for; untouched bytes
 * cost nothing. It answers to the names of the SDK's output (`Data`, `PartitionKey`, ...) and to those of a connector's records, so it
 * stands for both without being copied.
 *
 * `data` is a view: it keeps the whole page in memory. Whoever keeps few records of a page for long copies them.
 */
export class PageRecord {
  readonly #table: RecordTable;
  readonly #page: Page;
  readonly #index: number;
  #data: Buffer | undefined;
  #partitionKey: string | undefined;
  #sequenceNumber: string | undefined;

  /** @internal */
  constructor(table: RecordTable, page: Page, index: number) {
    this.#table = table;
    this.#page = page;
    this.#index = index;
    this.#data = undefined;
    this.#partitionKey = undefined;
    this.#sequenceNumber = undefined;
  }

  /** The record's bytes, a view into the page. */
  get data(): Buffer {
    if (this.#data !== undefined) return this.#data;
    this.#data = this.#page.view(this.dataStart, this.dataEnd);
    return this.#data;
  }

  /** The bytes in which `data` lies, between `dataStart` and `dataEnd`: for those who read it at once, without making the view, and keep nothing of it. */
  get page(): Buffer {
    return this.#page.bytes;
  }

  /** Offset of `data` in `page`. */
  get dataStart(): number {
    return this.#table.place(this.#index, dataPlace);
  }

  /** Offset of the end of `data` in `page`, exclusive. */
  get dataEnd(): number {
    return this.#table.place(this.#index, dataPlace + 1);
  }

  /** The key that the producer gave: it decides the shard. */
  get partitionKey(): string {
    this.#partitionKey ??= this.#text(keyPlace);
    return this.#partitionKey;
  }

  /** The place of the record in its shard, a decimal number of up to 128 bits as text. */
  get sequenceNumber(): string {
    this.#sequenceNumber ??= this.#text(sequencePlace);
    return this.#sequenceNumber;
  }

  /** `ApproximateArrivalTimestamp` in epoch milliseconds; 0 where the service gave none. */
  get arrivalTimeMs(): number {
    const timeMs = this.#table.times[this.#index] ?? Number.NaN;
    return Number.isNaN(timeMs) ? 0 : timeMs;
  }

  /** 0: a record that is no part of an aggregate. */
  get subSequenceNumber(): number {
    return 0;
  }

  /** Whether `data` opens like an aggregate of the Kinesis Producer Library, without making the view. False: it is none. */
  get mayBeAggregate(): boolean {
    return startsWithMagic(this.#page.bytes, this.dataStart, this.dataEnd);
  }

  /** A user record whose data lies in this one's, from `start` to `end`, exclusive. */
  userRecord(
    start: number,
    end: number,
    partitionKey: string,
    explicitHashKey: string | undefined,
    subSequenceNumber: number,
  ): AggregatedRecord {
    const { dataStart } = this;
    return new AggregatedRecord(
      this,
      this.#page,
      dataStart + start,
      dataStart + end,
      partitionKey,
      explicitHashKey,
      subSequenceNumber,
    );
  }

  /**
   * Says that nothing of the answer will be asked for any more, of this record or any other of it. What was asked for before stays; what was not is
   * gone from then on, if its memory serves the next answer. That it does only if no `data` was handed out.
   */
  releasePage(): void {
    this.#page.release();
  }

  /** Whether `mayBeAggregate` is true of any record of its answer. */
  get pageMayHaveAggregates(): boolean {
    return this.#page.mayHaveAggregates;
  }

  /** Bytes that this record keeps in memory together with all others of its answer. */
  get pageBytes(): number {
    return this.#page.length;
  }

  /** Bytes of data of all records of its answer: what producers put, without keys and without the answer's form. */
  get pageDataBytes(): number {
    return this.#table.dataBytes;
  }

  /** `data`, as the SDK names it. */
  get Data(): Uint8Array {
    return this.data;
  }

  /** `partitionKey`, as the SDK names it. */
  get PartitionKey(): string {
    return this.partitionKey;
  }

  /** `sequenceNumber`, as the SDK names it. */
  get SequenceNumber(): string {
    return this.sequenceNumber;
  }

  /** `arrivalTimeMs` as the SDK gives it; a new Date each time. */
  get ApproximateArrivalTimestamp(): Date | undefined {
    const timeMs = this.#table.times[this.#index] ?? Number.NaN;
    return Number.isNaN(timeMs) ? undefined : new Date(timeMs);
  }

  /** `EncryptionType`, where the service gave one. */
  get EncryptionType(): "KMS" | "NONE" | undefined {
    // What the service says is passed on as it is, as the SDK does; its type names the values known today.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return this.#table.encryptionTypes?.[this.#index] as "KMS" | "NONE" | undefined;
  }

  #text(place: number): string {
    return this.#page.text(this.#table.place(this.#index, place), this.#table.place(this.#index, place + 1));
  }
}

/** The records of a page, as they lie in it. */
export function pageRecords(table: RecordTable, page: Page): PageRecord[] {
  const records: PageRecord[] = [];
  const { bytes } = page;
  for (let index = 0; index < table.length; index += 1) {
    const start = table.place(index, dataPlace);
    if (startsWithMagic(bytes, start, table.place(index, dataPlace + 1))) page.mayHaveAggregates = true;
    records.push(new PageRecord(table, page, index));
  }
  return records;
}
