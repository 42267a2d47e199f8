import {
  type Clock,
  type RecordPage,
  type ShardReader,
  type ShardSource,
  sleep,
} from "@kinesis-connectors/core";

/** Longest pause in one go: what is asked for is small enough that it is never reached, but for one record of 10 MiB at a crawl. */
const MAX_DEBT_MS = 600_000;

/** How fast one shard may be read. */
export interface PaceOptions {
  readonly maxBytesPerSecond: number;
  /** Least time from one page that was asked for to the next, in milliseconds. Default 0. */
  readonly minIntervalMs?: number;
  readonly clock: Clock;
}

/** Keeps the reading of one shard to a rate: what was read is paid for in time before more is asked for. */
export class Pace {
  readonly #options: PaceOptions;
  #freeMs = Number.NEGATIVE_INFINITY;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** Settles when more may be read, or `signal` is aborted. */
  async ready(signal: AbortSignal): Promise<void> {
    const { clock, minIntervalMs = 0 } = this.#options;
    const now = clock.monotonicNow();
    if (this.#freeMs > now) await sleep(clock, this.#freeMs - now, signal);
    this.#freeMs = Math.max(this.#freeMs, clock.monotonicNow() + minIntervalMs);
  }

  /** Notes what was read. */
  took(bytes: number): void {
    const { clock, maxBytesPerSecond, minIntervalMs = 0 } = this.#options;
    const costMs = Math.min(MAX_DEBT_MS, (bytes * 1000) / maxBytesPerSecond);
    // The time since it was asked for has paid for a part of it.
    this.#freeMs = Math.max(
      this.#freeMs - minIntervalMs + Math.max(minIntervalMs, costMs),
      clock.monotonicNow(),
    );
  }
}

/** A source that is read no faster than its pace. */
export function paced(source: ShardSource, pace: Pace): ShardSource {
  return {
    open: (start) => {
      const reader: ShardReader = source.open(start);
      return {
        next: async (signal): Promise<RecordPage> => {
          await pace.ready(signal);
          if (signal.aborted) return { records: [], bytes: 0 };
          const page = await reader.next(signal);
          pace.took(page.dataBytes ?? page.bytes);
          return page;
        },
        close: () => reader.close(),
      };
    },
  };
}
