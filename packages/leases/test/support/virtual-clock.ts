import { setImmediate } from "node:timers/promises";
import type { Clock, Timer } from "@kinesis-connectors/core";

interface PendingTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * Time that passes only when it is told to. Timers fire in the order in which they fall due, those of the same moment in the order in
 * which they were set, and everything that one of them sets off is done before the next one fires: the same calls give the same run.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  readonly #timers: PendingTimer[] = [];
  #elapsedMs = 0;

  /** @param startMs the wall-clock time at the beginning, in epoch milliseconds; default 2026-01-01T00:00:00Z */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs;
  }

  readonly now = (): number => this.#startMs + this.#elapsedMs;

  readonly monotonicNow = (): number => this.#elapsedMs;

  readonly setTimer = (delayMs: number, callback: () => void): Timer => {
    const timer: PendingTimer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), callback };
    const later = this.#timers.findIndex((other) => other.dueMs > timer.dueMs);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer);
        if (index !== -1) this.#timers.splice(index, 1);
      },
    };
  };

  /** Timers that have been set and have neither fired nor been cancelled: what leaks shows here. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /**
   * Fires the next timer, if it falls due within `withinMs` milliseconds, and returns at once, before anything that it sets off has run.
   * With a counted number of microtasks after it, a test reaches every moment between two awaits.
   */
  tick(withinMs: number): boolean {
    return this.#fireNext(this.#elapsedMs + withinMs);
  }

  /** Lets `ms` milliseconds pass, with everything that happens in them. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    await this.settle();
    while (this.#fireNext(endMs)) await this.settle();
    this.#elapsedMs = endMs;
  }

  /**
   * Lets time pass from timer to timer until `done` holds.
   * @throws Error when nothing is left that could happen, or after `maxMs` milliseconds of virtual time: a hang, made visible
   */
  async runUntil(done: () => boolean, maxMs = 24 * 3_600_000): Promise<void> {
    const endMs = this.#elapsedMs + maxMs;
    await this.settle();
    while (!done()) {
      if (!this.#fireNext(endMs)) throw new Error(`hangs at ${this.#elapsedMs} ms of virtual time`);
      await this.settle();
    }
  }

  /** Lets time pass until `promise` settles, and gives what it settles with. */
  async run<Value>(promise: Promise<Value>, maxMs?: number): Promise<Value> {
    let settled = false;
    const finish = (): void => {
      settled = true;
    };
    promise.then(finish, finish);
    await this.runUntil(() => settled, maxMs);
    return promise;
  }

  /** Runs everything that is ready to run, without letting time pass. The turn of the event loop comes after all promise reactions. */
  async settle(): Promise<void> {
    await setImmediate();
  }

  #fireNext(endMs: number): boolean {
    const next = this.#timers[0];
    if (next === undefined || next.dueMs > endMs) return false;
    this.#timers.shift();
    this.#elapsedMs = next.dueMs;
    next.callback();
    return true;
  }
}
