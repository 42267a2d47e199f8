import type { Clock } from "@kinesis-connectors/core";
import { Loop } from "../loop.js";

/**
 * Measures how late the process gets to its timers. A transform that keeps the thread busy keeps renewals from being sent; that is
 * said by name before it costs the leases, and again when it has.
 */
export function watchEventLoop(options: {
  readonly clock: Clock;
  readonly failoverTimeMs: number;
  readonly blocked: (lateMs: number) => void;
  readonly failed: (error: Error) => void;
}): Loop {
  const { clock, failoverTimeMs, blocked, failed } = options;
  const periodMs = Math.max(1, Math.floor(failoverTimeMs / 6));
  let dueMs = clock.monotonicNow() + periodMs;
  return new Loop({
    clock,
    firstDelayMs: periodMs,
    delayMs: () => periodMs,
    kind: "delay",
    step: () => {
      const nowMs = clock.monotonicNow();
      const lateMs = nowMs - dueMs;
      dueMs = nowMs + periodMs;
      if (lateMs > failoverTimeMs / 3) blocked(Math.round(lateMs));
    },
    failed,
  });
}
