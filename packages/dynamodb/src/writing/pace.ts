/** How a request ended, as far as the pace is concerned. */
export type Pressure = "eased" | "throttled" | "unknown";

/** Permission to send one request; to be given back with how it ended. */
export interface Permit {
  readonly done: (pressure: Pressure) => void;
}

/** Requests at the start; more only once they are seen to go through. */
const START = 16;

/**
 * How many requests may be under way: halved when the table throttles, at most once for all that were under way together, and one more
 * after each round of requests that went through. It belongs to the emitter, because the shards share the table's capacity.
 */
export class Pace {
  readonly #max: number;
  #limit: number;
  #running = 0;
  /** Counts the halvings: a request that began before the last one says nothing new. */
  #epoch = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
    this.#limit = Math.min(START, max);
  }

  /** How many requests may be under way at present. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Waits for its turn. Rejects with the signal's reason when that is aborted. */
  async enter(signal: AbortSignal): Promise<Permit> {
    signal.throwIfAborted();
    if (this.#running >= this.limit) await this.#turn(signal);
    else this.#running += 1;
    const epoch = this.#epoch;
    return { done: (pressure) => this.#leave(pressure, epoch) };
  }

  /** Whoever wakes a waiter counts it as running. */
  async #turn(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const wake = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the caller's own reason
        reject(signal.reason);
      };
      this.#waiting.push(wake);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  #leave(pressure: Pressure, epoch: number): void {
    this.#running -= 1;
    if (pressure === "eased") this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit);
    if (pressure === "throttled" && epoch === this.#epoch) {
      this.#limit = Math.max(1, this.#limit / 2);
      this.#epoch += 1;
    }
    while (this.#running < this.limit) {
      const wake = this.#waiting.shift();
      if (wake === undefined) return;
      this.#running += 1;
      wake();
    }
  }
}
