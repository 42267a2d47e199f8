import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";

/** A timer that has been set; cancelling one that fired or was cancelled does nothing. */
export interface Timer {
  readonly cancel: () => void;
}

/**
 * Time, as everything in this project sees it. Injected, so that the same code runs under simulated time.
 * This file is the only one that touches the machine's clock, its timers and its randomness.
 */
export interface Clock {
  /** Wall-clock time in epoch milliseconds: for names, logs and metrics. It may jump; it never decides who owns what. */
  readonly now: () => number;
  /** Milliseconds since some fixed moment; never goes back. Ages, expiry and time-outs are measured with it. */
  readonly monotonicNow: () => number;
  /** Calls back once after `delayMs` milliseconds. A delay past 2^31-1 ms counts as 2^31-1 (the limit of Node's timers). */
  readonly setTimer: (delayMs: number, callback: () => void) => Timer;
}

/** Randomness, injected beside the clock: back-off jitter, shuffles, identifiers. */
export interface Random {
  /** A number in [0, 1). */
  readonly next: () => number;
  /** A version 4 UUID. */
  readonly uuid: () => string;
}

const MAX_TIMER_DELAY_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicNow: () => performance.now(),
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_TIMER_DELAY_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** The machine's own randomness. */
export const systemRandom: Random = { next: () => Math.random(), uuid: () => randomUUID() };

/**
 * Resolves after `delayMs` milliseconds, or as soon as `signal` is aborted: a waiter looks at the signal afterwards.
 * It never rejects, so a cancelled wait needs no catch.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.setTimer(delayMs, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
