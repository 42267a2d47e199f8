import { type Clock, sleep, systemClock, type Timer } from "@kinesis-connectors/core";

interface Waiting {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to; sockets go on in real time meanwhile. */
export class VirtualTime implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  #waiting: Waiting[] = [];

  constructor(startMs = 1_767_225_600_000) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  readonly now = (): number => this.#nowMs;

  readonly monotonicNow = (): number => this.#nowMs - this.#startMs;

  readonly setTimer = (delayMs: number, callback: () => void): Timer => {
    const waiting = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#waiting.push(waiting);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
      },
    };
  };

  /** Moves on to the next timer and fires it; false when there is none. */
  fireNext(): boolean {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) if (next === undefined || waiting.dueMs < next.dueMs) next = waiting;
    if (next === undefined) return false;
    const fired = next;
    this.#waiting = this.#waiting.filter((other) => other !== fired);
    this.#nowMs = Math.max(this.#nowMs, fired.dueMs);
    fired.callback();
    return true;
  }

  /** Moves on without waiting for anybody; timers that fall due fire in order. */
  skip(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.#waiting.some((waiting) => waiting.dueMs <= endMs)) this.fireNext();
    this.#nowMs = endMs;
  }

  /**
   * Waits for a promise, firing timers whenever nothing else goes on. `patienceMs`: how long (in real time) sockets get before the
   * next timer fires, for code that has timers running while it waits for the network; `isBusy` holds the timers back altogether.
   */
  async drive<Value>(
    promise: Promise<Value>,
    patienceMs = 0,
    isBusy: () => boolean = () => false,
  ): Promise<Value> {
    const state = { isSettled: false };
    const finish = (): void => {
      state.isSettled = true;
    };
    promise.then(finish, finish);
    const step = async (): Promise<boolean> => {
      if (patienceMs > 0) await sleep(systemClock, patienceMs);
      await breathe();
      return !state.isSettled;
    };
    while (await step()) if (!isBusy()) this.fireNext();
    return promise;
  }
}

/** Lets sockets and promises do what they can at once. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
