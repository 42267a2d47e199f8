import { wholeNumber } from "../options.js";

/** A shard that holds bytes and can be asked to let go of them. */
export interface BudgetHolder {
  /** Bytes waiting in the buffer; 0 when there is nothing to flush or a flush has been asked for already. May give bytes back while it looks. */
  readonly flushableBytes: () => number;
  /** Asks for an early flush, because other shards cannot read. */
  readonly requestFlush: () => void;
}

interface Waiter {
  readonly bytes: number;
  readonly resolve: () => void;
}

/**
 * The bytes that all shards of a worker may keep in memory between reading and committing. A shard that finds it used up waits
 * before its next read, and the shard with the fullest buffer is asked to flush early. So a slow destination stops the reading
 * instead of growing the process.
 */
export class ByteBudget {
  readonly maxBytes: number;
  #usedBytes = 0;
  #waiters: Waiter[] = [];
  readonly #holders = new Set<BudgetHolder>();

  /** @throws KinesisConnectorError `KC_OPTION_INVALID` when `maxBytes` is not a whole number of at least 1 */
  constructor(maxBytes: number, option = "maxReadAheadBytes") {
    this.maxBytes = wholeNumber(option, maxBytes, { min: 1 });
  }

  /** The bytes that are held now, over all holders. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Waits until `bytes` more fit, then takes them. When nothing at all is held any amount fits, so one large page cannot hang. */
  reserve(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#waiters.length === 0 && this.#fits(bytes)) {
      this.#usedBytes += bytes;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        bytes,
        resolve: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      // A waiter that leaves takes its bytes all the same, so that the caller gives back exactly what it asked for.
      const leave = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        this.#usedBytes += bytes;
        waiter.resolve();
      };
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      this.#waiters.push(waiter);
      this.#relieve();
    });
  }

  /** Takes bytes without waiting: what turned out larger than reserved. */
  take(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** Gives bytes back and lets those waiting read on. */
  release(bytes: number): void {
    this.#usedBytes -= bytes;
    for (let next = this.#waiters[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiters[0]) {
      this.#waiters.shift();
      this.#usedBytes += next.bytes;
      next.resolve();
    }
    if (this.#waiters.length > 0) this.#relieve();
  }

  /** Registers a shard that can flush early; the returned function takes it off again. */
  register(holder: BudgetHolder): () => void {
    this.#holders.add(holder);
    return () => this.#holders.delete(holder);
  }

  /** Tells the budget that a buffer has grown; asks for a flush when somebody is waiting. */
  pressure(): void {
    if (this.#waiters.length > 0) this.#relieve();
  }

  #fits(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.maxBytes;
  }

  #relieve(): void {
    let fullest: BudgetHolder | undefined;
    let most = 0;
    for (const holder of this.#holders) {
      const bytes = holder.flushableBytes();
      if (bytes > most) {
        most = bytes;
        fullest = holder;
      }
    }
    // Looking may have given bytes back, and let all who waited read on.
    if (this.#waiters.length > 0) fullest?.requestFlush();
  }
}
