import { startsWithMagic } from "./aggregate-format.js";

/** The bytes that all records of one answer share. Replaced while an answer with strings in pieces is read, never after. */
export interface PageBytes {
  bytes: Buffer;
}

/** Where the parts of one record lie in its page: byte offsets, from inclusive, to exclusive. */
export interface RecordSpans {
  dataStart: number;
  dataEnd: number;
  keyStart: number;
  keyEnd: number;
  sequenceStart: number;
  sequenceEnd: number;
  arrivalTimeMs: number | undefined;
  encryptionType: string | undefined;
}

/**
 * A record as it lies in the answer it came with. Its texts are decoded and its data is viewed when first asked for; untouched bytes
 * cost nothing. It answers to the names of the SDK's output (`Data`, `PartitionKey`, ...) and to those of a connector's records, so it
 * stands for both without being copied.
 *
 * `data` is a view: it keeps the whole page in memory. Whoever keeps few records of a page for long copies them.
 */
export class PageRecord {
  readonly #page: PageBytes;
  readonly #dataStart: number;
  readonly #dataEnd: number;
  readonly #keyStart: number;
  readonly #keyEnd: number;
  readonly #sequenceStart: number;
  readonly #sequenceEnd: number;
  #data: Buffer | undefined;
  #partitionKey: string | undefined;
  #sequenceNumber: string | undefined;
  readonly #arrivalTimeMs: number | undefined;
  /** `EncryptionType` of the SDK's record, where the service gave one. */
  readonly EncryptionType: string | undefined;

  constructor(page: PageBytes, spans: RecordSpans) {
    this.#page = page;
    this.#dataStart = spans.dataStart;
    this.#dataEnd = spans.dataEnd;
    this.#keyStart = spans.keyStart;
    this.#keyEnd = spans.keyEnd;
    this.#sequenceStart = spans.sequenceStart;
    this.#sequenceEnd = spans.sequenceEnd;
    this.#data = undefined;
    this.#partitionKey = undefined;
    this.#sequenceNumber = undefined;
    this.#arrivalTimeMs = spans.arrivalTimeMs;
    this.EncryptionType = spans.encryptionType;
  }

  /** The record's bytes, a view into the page. */
  get data(): Buffer {
    this.#data ??= this.#page.bytes.subarray(this.#dataStart, this.#dataEnd);
    return this.#data;
  }

  /** Length of `data`, without making the view. */
  get dataBytes(): number {
    return this.#dataEnd - this.#dataStart;
  }

  get partitionKey(): string {
    this.#partitionKey ??= this.#page.bytes.toString("utf8", this.#keyStart, this.#keyEnd);
    return this.#partitionKey;
  }

  get sequenceNumber(): string {
    this.#sequenceNumber ??= this.#page.bytes.toString("utf8", this.#sequenceStart, this.#sequenceEnd);
    return this.#sequenceNumber;
  }

  /** `ApproximateArrivalTimestamp` in epoch milliseconds; 0 where the service gave none. */
  get arrivalTimeMs(): number {
    return this.#arrivalTimeMs ?? 0;
  }

  /** 0: a record that is no part of an aggregate. */
  get subSequenceNumber(): number {
    return 0;
  }

  /** Whether `data` opens like an aggregate of the Kinesis Producer Library, without making the view. False: it is none. */
  get mayBeAggregate(): boolean {
    return startsWithMagic(this.#page.bytes, this.#dataStart, this.#dataEnd);
  }

  /** Bytes that this record keeps in memory together with all others of its answer. */
  get pageBytes(): number {
    return this.#page.bytes.length;
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
    return this.#arrivalTimeMs === undefined ? undefined : new Date(this.#arrivalTimeMs);
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
