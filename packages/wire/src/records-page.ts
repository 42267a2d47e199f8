import { startsWithMagic } from "./aggregate-format.js";

/** Where a record's parts stand in its row of `places`; each has a start, inclusive, and an end, exclusive, in bytes of the page. */
export const dataPlace = 0;
export const keyPlace = 2;
export const sequencePlace = 4;
const rowLength = 6;

const firstRows = 64;
/** A record in either form is longer than this: so many rows at most are made before the records have been seen. */
const leastRecordBytes = 32;

/**
 * The bytes of one answer and where its records lie in them, in numbers instead of objects: ten thousand records are two arrays. A
 * scanner fills it row by row; afterwards it does not change.
 */
export class RecordTable {
  /** Replaced while an answer with strings in pieces is read. */
  bytes: Buffer;
  places: Int32Array;
  /** Epoch milliseconds; NaN where the service gave none. */
  times: Float64Array;
  encryptionTypes: (string | undefined)[] | undefined;
  /** Rows begun. */
  length = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.places = new Int32Array(0);
    this.times = new Float64Array(0);
    this.encryptionTypes = undefined;
  }

  /** Makes room for as many records as are announced, as far as the answer can hold them. */
  expect(records: number): void {
    this.#grow(Math.max(firstRows, Math.min(records, Math.ceil(this.bytes.length / leastRecordBytes))));
  }

  /** Begins a row; gives the index of its first place. */
  begin(): number {
    const index = this.length;
    if (index >= this.times.length) this.#grow(Math.max(firstRows, index * 2));
    this.length = index + 1;
    const row = index * rowLength;
    const { places } = this;
    places[row + dataPlace] = -1;
    places[row + keyPlace] = -1;
    places[row + sequencePlace] = -1;
    this.times[index] = Number.NaN;
    return row;
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

  records(): PageRecord[] {
    const records: PageRecord[] = [];
    for (let index = 0; index < this.length; index += 1) records.push(new PageRecord(this, index));
    return records;
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

/**
 * A record as it lies in the answer it came with. Its texts are decoded and its data is viewed when first asked for; untouched bytes
 * cost nothing. It answers to the names of the SDK's output (`Data`, `PartitionKey`, ...) and to those of a connector's records, so it
 * stands for both without being copied.
 *
 * `data` is a view: it keeps the whole page in memory. Whoever keeps few records of a page for long copies them.
 */
export class PageRecord {
  readonly #table: RecordTable;
  readonly #index: number;
  #data: Buffer | undefined;
  #partitionKey: string | undefined;
  #sequenceNumber: string | undefined;

  constructor(table: RecordTable, index: number) {
    this.#table = table;
    this.#index = index;
    this.#data = undefined;
    this.#partitionKey = undefined;
    this.#sequenceNumber = undefined;
  }

  /** The record's bytes, a view into the page. */
  get data(): Buffer {
    if (this.#data !== undefined) return this.#data;
    const table = this.#table;
    this.#data = table.bytes.subarray(
      table.place(this.#index, dataPlace),
      table.place(this.#index, dataPlace + 1),
    );
    return this.#data;
  }

  /** Length of `data`, without making the view. */
  get dataBytes(): number {
    return this.#table.place(this.#index, dataPlace + 1) - this.#table.place(this.#index, dataPlace);
  }

  get partitionKey(): string {
    this.#partitionKey ??= this.#text(keyPlace);
    return this.#partitionKey;
  }

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
    const table = this.#table;
    return startsWithMagic(
      table.bytes,
      table.place(this.#index, dataPlace),
      table.place(this.#index, dataPlace + 1),
    );
  }

  /** Bytes that this record keeps in memory together with all others of its answer. */
  get pageBytes(): number {
    return this.#table.bytes.length;
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
    const table = this.#table;
    return table.bytes.toString("utf8", table.place(this.#index, place), table.place(this.#index, place + 1));
  }
}

/** A shard that follows a closed one, as GetRecords and SubscribeToShard name it (API reference, ChildShard). */
export interface ChildShardAnswer {
  readonly ShardId: string;
  readonly ParentShards: string[];
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
}

/**
 * An answer to GetRecords, or one event of SubscribeToShard: the members of the SDK's output, of either operation. A member that the
 * service left out is absent.
 */
export interface RecordsAnswer {
  Records?: PageRecord[];
  /** GetRecords only. */
  NextShardIterator?: string;
  /** SubscribeToShard only. */
  ContinuationSequenceNumber?: string;
  MillisBehindLatest?: number;
  ChildShards?: ChildShardAnswer[];
}
