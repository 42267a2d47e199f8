import type { Clock, Timer } from "@kinesis-connectors/core";

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

  /** Waits for a promise, firing timers whenever nothing else goes on. */
  async drive<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false;
    const finish = (): void => {
      settled = true;
    };
    promise.then(finish, finish);
    while (!settled) {
      await breathe();
      if (!settled) this.fireNext();
    }
    return promise;
  }
}

/** Lets sockets and promises do what they can at once. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
