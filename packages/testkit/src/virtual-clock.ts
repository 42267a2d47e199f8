import { setImmediate } from "node:timers/promises";
import type { Clock } from "@kinesis-connectors/core";

/** A clock whose time passes only when it is told to. */
export interface VirtualClock extends Clock {
  /** Timers that are set and have neither fired nor been cancelled: a leak shows here. */
  readonly pendingTimers: () => number;
  /** Lets `ms` milliseconds pass, with everything that happens in them. */
  readonly advance: (ms: number) => Promise<void>;
  /**
   * Lets time pass from timer to timer until `promise` settles, and settles alike.
   *
   * @param maxMs milliseconds of virtual time after which it counts as hanging; default a day
   * @throws Error when nothing is left that could happen, or `maxMs` have passed: a hang, made visible
   */
  readonly run: <Value>(promise: Promise<Value>, maxMs?: number) => Promise<Value>;
}

interface PendingTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

const DAY_MS = 24 * 3_600_000;

/**
 * Makes a clock of virtual time. Timers fire in the order in which they fall due, those of one moment in the order in which they were set,
 * and everything that one sets off is done before the next one fires: the same calls give the same run. What waits for anything but
 * this clock (a file, a socket) is not waited for.
 *
 * @param startMs wall-clock time at the beginning, in epoch milliseconds; default 2026-01-01T00:00:00Z
 */
export function virtualClock(startMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  const timers: PendingTimer[] = [];
  let elapsedMs = 0;

  // The turn of the event loop comes after all promise reactions.
  const settle = async (): Promise<void> => {
    await setImmediate();
  };

  const fireNext = (endMs: number): boolean => {
    const next = timers[0];
    if (next === undefined || next.dueMs > endMs) return false;
    timers.shift();
    elapsedMs = next.dueMs;
    next.callback();
    return true;
  };

  return {
    now: () => startMs + elapsedMs,
    monotonicNow: () => elapsedMs,
    setTimer: (delayMs, callback) => {
      const timer: PendingTimer = { dueMs: elapsedMs + Math.max(0, delayMs), callback };
      const later = timers.findIndex(({ dueMs }) => dueMs > timer.dueMs);
      timers.splice(later === -1 ? timers.length : later, 0, timer);
      return {
        cancel: () => {
          const index = timers.indexOf(timer);
          if (index !== -1) timers.splice(index, 1);
        },
      };
    },
    pendingTimers: () => timers.length,
    advance: async (ms) => {
      const endMs = elapsedMs + ms;
      await settle();
      while (fireNext(endMs)) await settle();
      elapsedMs = endMs;
    },
    run: async (promise, maxMs = DAY_MS) => {
      const endMs = elapsedMs + maxMs;
      const state = { settled: false };
      const finish = (): void => {
        state.settled = true;
      };
      promise.then(finish, finish);
      await settle();
      while (!state.settled) {
        if (!fireNext(endMs))
          throw new Error(
            `hangs at ${elapsedMs} ms of virtual time: nothing that waits for this clock is left to happen`,
          );
        await settle();
      }
      return promise;
    },
  };
}
