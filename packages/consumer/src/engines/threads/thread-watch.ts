import type { Clock } from "@kinesis-connectors/core";

import { Loop } from "../../worker/loop.js";
import type { EngineThread } from "./engine-thread.js";

/**
 * Looks whether the threads get to their messages. Leases are renewed in the main thread, so a transform that keeps its thread busy
 * costs none of them; but its shards stand still, and that is said by name: once for each time it happens.
 */
export function watchThreads(options: {
  readonly clock: Clock;
  readonly failoverTimeMs: number;
  readonly threads: readonly Pick<EngineThread, "ping">[];
  readonly onBlocked: (lateMs: number, thread: number) => void;
}): Loop {
  const { clock, failoverTimeMs, threads, onBlocked } = options;
  const periodMs = Math.max(1, Math.floor(failoverTimeMs / 6));
  const told = new Set<number>();
  return new Loop({
    clock,
    firstDelayMs: periodMs,
    delayMs: () => periodMs,
    kind: "delay",
    step: () => {
      for (const [index, thread] of threads.entries()) {
        const lateMs = thread.ping();
        if (lateMs <= failoverTimeMs / 3) {
          told.delete(index);
        } else if (!told.has(index)) {
          told.add(index);
          onBlocked(Math.round(lateMs), index + 1);
        }
      }
    },
    // A ping is a message to a thread that is there.
    failed: () => undefined,
  });
}
