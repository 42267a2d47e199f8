import { SequenceNumbers } from "./sequence-numbers.js";

/** A record as it is kept. Data stays in the form it came in and is converted only for a reader of the other. */
export class StoredRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly arrivalMs: number;
  /** Data and key, as the service counts them. */
  readonly bytes: number;
  #data: string | Buffer;

  constructor(
    sequenceNumber: string,
    partitionKey: string,
    arrivalMs: number,
    bytes: number,
    data: string | Buffer,
  ) {
    this.sequenceNumber = sequenceNumber;
    this.partitionKey = partitionKey;
    this.arrivalMs = arrivalMs;
    this.bytes = bytes;
    this.#data = data;
  }

  /** Data as base64 text. */
  base64(): string {
    const data = this.#data;
    return typeof data === "string" ? data : data.toString("base64");
  }

  /** Data as bytes. */
  data(): Buffer {
    const data = this.#data;
    return typeof data === "string" ? Buffer.from(data, "base64") : data;
  }
}

/** How a shard comes into being. */
export interface ShardOrigin {
  readonly index: number;
  /** Lowest and highest hash key, both inclusive. */
  readonly start: bigint;
  readonly end: bigint;
  readonly openedMs: number;
  /** First field of its sequence numbers: above that of its parents. */
  readonly creationSecond: number;
  /** None, one after a split, two after a merge. Ids only: a parent's records must not outlive it. */
  readonly parentIds: readonly string[];
}

/**
 * One shard: its records in order of arrival. A position counts records since the shard opened, so it stays right when
 * old records are trimmed; reading and appending cost the same at any length.
 */
export class Shard {
  readonly id: string;
  readonly index: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly openedMs: number;
  readonly creationSecond: number;
  readonly startingSequenceNumber: string;
  readonly parentIds: readonly string[];
  readonly children: Shard[] = [];
  /** Called after records arrive and when the shard closes. */
  readonly watchers: Set<() => void> = new Set();
  readonly #sequence: SequenceNumbers;
  #closedMs: number | undefined;
  #endingSequenceNumber: string | undefined;
  #records: StoredRecord[] = [];
  #head = 0;
  #forgotten = 0;
  #lastArrivalMs: number;

  constructor(origin: ShardOrigin) {
    this.index = origin.index;
    // Shard ids: "shardId-" and 12 digits, CreateStream page of the API reference.
    this.id = `shardId-${String(origin.index).padStart(12, "0")}`;
    this.start = origin.start;
    this.end = origin.end;
    this.openedMs = origin.openedMs;
    this.creationSecond = origin.creationSecond;
    this.parentIds = origin.parentIds;
    this.#sequence = new SequenceNumbers(origin.creationSecond, origin.index);
    this.startingSequenceNumber = this.#sequence.here(origin.creationSecond);
    this.#lastArrivalMs = origin.openedMs;
  }

  get closedMs(): number | undefined {
    return this.#closedMs;
  }

  get endingSequenceNumber(): string | undefined {
    return this.#endingSequenceNumber;
  }

  /** Position of the oldest record kept. */
  get firstPosition(): number {
    return this.#forgotten + this.#head;
  }

  /** Position after the newest record: the tip. */
  get endPosition(): number {
    return this.#forgotten + this.#records.length;
  }

  append(partitionKey: string, data: string | Buffer, bytes: number, now: number): StoredRecord {
    // Arrival times never fall within a shard, even when the machine's clock is set back.
    const arrivalMs = Math.max(now, this.#lastArrivalMs);
    this.#lastArrivalMs = arrivalMs;
    const record = new StoredRecord(
      this.#sequence.next(Math.floor(arrivalMs / 1000)),
      partitionKey,
      arrivalMs,
      bytes,
      data,
    );
    this.#records.push(record);
    for (const wake of this.watchers) wake();
    return record;
  }

  close(now: number, children: readonly Shard[]): void {
    this.#closedMs = Math.max(now, this.#lastArrivalMs);
    this.#endingSequenceNumber = this.#sequence.next(Math.floor(this.#closedMs / 1000));
    this.children.push(...children);
    for (const wake of this.watchers) wake();
  }

  /** Forgets what arrived before the horizon. The array is cut in halves: constant cost per record. */
  trim(horizonMs: number): void {
    const records = this.#records;
    while (this.#head < records.length && (records[this.#head]?.arrivalMs ?? Infinity) < horizonMs)
      this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > records.length) {
      this.#records = records.slice(this.#head);
      this.#forgotten += this.#head;
      this.#head = 0;
    }
  }

  at(position: number): StoredRecord | undefined {
    return position < this.firstPosition ? undefined : this.#records[position - this.#forgotten];
  }

  /** Records from a position (or from the oldest kept), at most this many and this many bytes, but at least one. */
  read(
    position: number,
    maxRecords: number,
    maxBytes: number,
  ): { readonly records: StoredRecord[]; readonly next: number } {
    const from = Math.max(position, this.firstPosition) - this.#forgotten;
    const last = Math.min(this.#records.length, from + maxRecords);
    let bytes = 0;
    let to = from;
    while (to < last) {
      bytes += this.#records[to]?.bytes ?? 0;
      if (bytes > maxBytes && to > from) break;
      to += 1;
    }
    return { records: this.#records.slice(from, to), next: to + this.#forgotten };
  }

  #search(before: (record: StoredRecord) => boolean): number {
    let low = this.#head;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = this.#records[middle];
      if (record && before(record)) low = middle + 1;
      else high = middle;
    }
    return low + this.#forgotten;
  }

  /** Position of the first record at this number, or after it. Numbers have one length: text order is their order. */
  positionOfSequence(sequenceNumber: string, after: boolean): number {
    return this.#search((record) =>
      after ? record.sequenceNumber <= sequenceNumber : record.sequenceNumber < sequenceNumber,
    );
  }

  /** Position of the first record at or after a moment; the tip when there is none yet. */
  positionOfTime(ms: number): number {
    return this.#search((record) => record.arrivalMs < ms);
  }

  /** A number from which AFTER_SEQUENCE_NUMBER continues at the tip. */
  continuationAtTip(now: number): string {
    return this.#sequence.here(Math.floor(Math.max(now, this.#lastArrivalMs) / 1000));
  }
}
