import type { BufferEntry, FlushReason } from "./batch.js";
import { wholeNumber } from "./options.js";

/**
 * Gathers one shard's outputs until they are worth a write. One buffer serves one shard; the engine calls it from one place, never
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
  /** Everything gathered, in order; the buffer is empty afterwards. */
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

/** One mebibyte, for options that count bytes. */
export const MiB: number = 1024 * 1024;

/** What a pipeline gets when it names no buffer. */
export const DEFAULT_BUFFER_OPTIONS: Required<BufferOptions> = {
  maxRecords: 10_000,
  maxBytes: 16 * MiB,
  maxAgeMs: 60_000,
};

/**
 * The built-in buffer, in memory.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when a threshold is not a number of at least 1
 */
export class RecordBuffer<Output> implements Buffer<Output> {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  #entries: BufferEntry<Output>[] = [];
  #bytes = 0;
  #firstAddedMs = 0;

  constructor(options: BufferOptions = {}) {
    this.#maxRecords = wholeNumber(
      "buffer.maxRecords",
      options.maxRecords ?? DEFAULT_BUFFER_OPTIONS.maxRecords,
      { min: 1 },
    );
    this.#maxBytes = wholeNumber("buffer.maxBytes", options.maxBytes ?? DEFAULT_BUFFER_OPTIONS.maxBytes, {
      min: 1,
    });
    this.#maxAgeMs = wholeNumber("buffer.maxAgeMs", options.maxAgeMs ?? DEFAULT_BUFFER_OPTIONS.maxAgeMs, {
      min: 1,
    });
  }

  readonly fits = (records: number, bytes: number): boolean =>
    this.#entries.length === 0 ||
    (this.#entries.length + records <= this.#maxRecords && this.#bytes + bytes <= this.#maxBytes);

  readonly add = (entry: BufferEntry<Output>, monotonicNowMs: number): void => {
    if (this.#entries.length === 0) this.#firstAddedMs = monotonicNowMs;
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
  };

  readonly shouldFlush = (monotonicNowMs: number): FlushReason | undefined => {
    if (this.#entries.length === 0) return undefined;
    if (this.#entries.length >= this.#maxRecords) return "records";
    if (this.#bytes >= this.#maxBytes) return "bytes";
    return monotonicNowMs - this.#firstAddedMs >= this.#maxAgeMs ? "age" : undefined;
  };

  readonly dueMs = (): number | undefined =>
    this.#entries.length === 0 ? undefined : this.#firstAddedMs + this.#maxAgeMs;

  readonly drain = (): readonly BufferEntry<Output>[] => {
    const entries = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    return entries;
  };
}
