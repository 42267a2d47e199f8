import type { BufferEntry, FlushReason } from "./batch.js";
import { checkOptions, type OptionNames } from "./known-options.js";
import { wholeNumber } from "./options.js";

/**
 * Collects one shard's outputs until they are worth a write. One buffer serves one shard; the engine calls it from one place, never
 * concurrently. A buffer decides when to flush; what to do about it is the engine's part.
 */
export interface Buffer<Output> {
  /** Whether this much more still fits under the caps. An empty buffer takes anything: an entry larger than the cap is a batch alone. */
  readonly fits: (records: number, bytes: number) => boolean;
  readonly add: (entry: BufferEntry<Output>, monotonicNowMs: number) => void;
  /** The threshold that has been reached, or undefined. Asked after each record and when `dueMs` comes. */
  readonly shouldFlush: (monotonicNowMs: number) => FlushReason | undefined;
  /** When the age threshold falls due, on the monotonic clock; undefined while the buffer is empty. */
  readonly dueMs: () => number | undefined;
  /** Everything buffered, in order; the buffer is empty afterwards. */
  readonly drain: () => readonly BufferEntry<Output>[];
}

/** The three thresholds. Each is a cap: a page of records that crosses one is cut there. */
export interface BufferOptions {
  /** Entries in a batch. Default 10,000. */
  readonly maxRecords?: number;
  /** Bytes of output in a batch. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Age of the oldest entry in milliseconds; fires without new records too. Default 60,000. */
  readonly maxAgeMs?: number;
}

/** The names of all of them. */
export const BUFFER_OPTIONS: OptionNames<BufferOptions> = {
  maxRecords: true,
  maxBytes: true,
  maxAgeMs: true,
};

/** One mebibyte, for options that count bytes. */
export const MiB: number = 1024 * 1024;

/** Thresholds of a pipeline that names no buffer. */
const DEFAULT_BUFFER_OPTIONS: Required<BufferOptions> = {
  maxRecords: 10_000,
  maxBytes: 16 * MiB,
  maxAgeMs: 60_000,
};

/** The three thresholds and how much of each has been used. */
export class Thresholds {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  #records = 0;
  #bytes = 0;
  #firstAddedMs = 0;

  /** @throws KinesisConnectorError `KC_OPTION_INVALID` when a threshold is not a whole number of at least 1 */
  constructor(options: BufferOptions = {}) {
    const { maxRecords, maxBytes, maxAgeMs } = { ...DEFAULT_BUFFER_OPTIONS, ...withoutUndefined(options) };
    this.#maxRecords = wholeNumber("buffer.maxRecords", maxRecords, { min: 1 });
    this.#maxBytes = wholeNumber("buffer.maxBytes", maxBytes, { min: 1 });
    this.#maxAgeMs = wholeNumber("buffer.maxAgeMs", maxAgeMs, { min: 1 });
  }

  /** As `Buffer.fits`. */
  fits(records: number, bytes: number): boolean {
    return (
      this.#records === 0 ||
      (this.#records + records <= this.#maxRecords && this.#bytes + bytes <= this.#maxBytes)
    );
  }

  /** Counts what was added, and when: the age of a batch begins with its first record. */
  add(records: number, bytes: number, monotonicNowMs: number): void {
    if (this.#records === 0) this.#firstAddedMs = monotonicNowMs;
    this.#records += records;
    this.#bytes += bytes;
  }

  /** As `Buffer.shouldFlush`. */
  reached(monotonicNowMs: number): FlushReason | undefined {
    if (this.#records === 0) return undefined;
    if (this.#records >= this.#maxRecords) return "records";
    if (this.#bytes >= this.#maxBytes) return "bytes";
    return monotonicNowMs - this.#firstAddedMs >= this.#maxAgeMs ? "age" : undefined;
  }

  /** As `Buffer.dueMs`. */
  dueMs(): number | undefined {
    return this.#records === 0 ? undefined : this.#firstAddedMs + this.#maxAgeMs;
  }

  /** Begins the next batch. */
  clear(): void {
    this.#records = 0;
    this.#bytes = 0;
  }
}

/** An option that is given as undefined is left out. */
function withoutUndefined(options: BufferOptions): BufferOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * The built-in buffer, in memory.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when a threshold is not a whole number of at least 1
 */
export class RecordBuffer<Output> implements Buffer<Output> {
  readonly #thresholds: Thresholds;
  #entries: BufferEntry<Output>[] = [];

  constructor(options: BufferOptions = {}) {
    checkOptions("RecordBuffer", options, BUFFER_OPTIONS);
    this.#thresholds = new Thresholds(options);
  }

  readonly fits = (records: number, bytes: number): boolean => this.#thresholds.fits(records, bytes);

  /** Keeps an entry. `bytes` of it count towards the threshold. */
  readonly add = (entry: BufferEntry<Output>, monotonicNowMs: number): void => {
    this.#thresholds.add(1, entry.bytes, monotonicNowMs);
    this.#entries.push(entry);
  };

  readonly shouldFlush = (monotonicNowMs: number): FlushReason | undefined =>
    this.#thresholds.reached(monotonicNowMs);

  readonly dueMs = (): number | undefined => this.#thresholds.dueMs();

  readonly drain = (): readonly BufferEntry<Output>[] => {
    const entries = this.#entries;
    this.#entries = [];
    this.#thresholds.clear();
    return entries;
  };
}
