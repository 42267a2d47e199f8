import type { ByteBudget } from "./byte-budget.js";
import type { Clock } from "../clock.js";
import { asError } from "../errors.js";
import type { RecordPage, ShardReader } from "../record.js";
import type { ShardOutcome } from "./shard-context.js";

/** Fetches the next page of a shard while the last one is being worked on, within the budget of the worker. */
export class PageFetch {
  readonly #reader: ShardReader;
  readonly #budget: ByteBudget;
  readonly #clock: Pick<Clock, "monotonicNow">;
  readonly #arrived: () => void;
  readonly #closing = new AbortController();
  #fetching: Promise<void> | undefined;
  #page: RecordPage | undefined;
  #failure: Error | undefined;
  /** What the last page took: the guess for the next one. An idle shard reserves nothing. */
  #expectedBytes = 0;
  #durationMs = 0;

  constructor(
    reader: ShardReader,
    { budget, clock }: { readonly budget: ByteBudget; readonly clock: Pick<Clock, "monotonicNow"> },
    arrived: () => void,
  ) {
    this.#reader = reader;
    this.#budget = budget;
    this.#clock = clock;
    this.#arrived = arrived;
    // A listener that stays. Node makes a new map for the listeners of a signal each time that one comes to none, as with each wait and request of a reader, and V8
    // links the old one to it: one that has become old before it is garbage keeps all later ones with it, until the next full collection.
    this.#closing.signal.addEventListener("abort", () => undefined, { once: true });
  }

  /** Whether a page or a failure is waiting to be taken. */
  get isReady(): boolean {
    return this.#page !== undefined || this.#failure !== undefined;
  }

  /** How long the reader took for the page that arrived last, in milliseconds. */
  get durationMs(): number {
    return this.#durationMs;
  }

  /** Begins to fetch, unless that is under way or a page is waiting. */
  start(): void {
    if (this.#fetching !== undefined || this.isReady) return;
    this.#fetching = this.#fetch();
  }

  /** The page that arrived, if any; throws what the reader failed with. Its bytes stay reserved until `release`. */
  take(): RecordPage | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const page = this.#page;
    this.#page = undefined;
    return page;
  }

  /** Gives the bytes of a page back: what its records hold on to has been counted apart by then. */
  release(page: RecordPage): void {
    this.#budget.release(page.bytes);
  }

  /** Reads no further, whatever else the shard still waits for: somebody else may read it already. */
  stop(): void {
    this.#closing.abort();
  }

  async close(): Promise<void> {
    this.stop();
    await this.#fetching;
    if (this.#page !== undefined) this.release(this.#page);
    this.#page = undefined;
    await this.#reader.close();
  }

  async #fetch(): Promise<void> {
    const reserved = this.#expectedBytes;
    const { signal } = this.#closing;
    await this.#budget.reserve(reserved, signal);
    const startedMs = this.#clock.monotonicNow();
    try {
      const page = signal.aborted ? undefined : await this.#reader.next(signal);
      if (page === undefined || signal.aborted) {
        this.#budget.release(reserved);
        return;
      }
      this.#durationMs = this.#clock.monotonicNow() - startedMs;
      this.#expectedBytes = page.bytes;
      if (page.bytes > reserved) this.#budget.take(page.bytes - reserved);
      else this.#budget.release(reserved - page.bytes);
      this.#page = page;
    } catch (thrown) {
      this.#budget.release(reserved);
      if (!signal.aborted) this.#failure = asError(thrown);
    } finally {
      this.#fetching = undefined;
      this.#arrived();
    }
  }
}

/** How the engine ends after this page; undefined when another page follows. */
export function lastOutcome({ shardEnd, end }: RecordPage): ShardOutcome | undefined {
  if (shardEnd !== undefined) return { type: "shard-end", childShards: shardEnd.childShards };
  return end === true ? { type: "ended" } : undefined;
}
