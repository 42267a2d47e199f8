import type { Clock, Logger } from "@kinesis-connectors/core";
import type { HeldLease } from "@kinesis-connectors/leases";
import { watchEventLoop } from "./event-loop-watch.js";
import type { LeaseSettings } from "../lease-settings.js";
import { Loop } from "../loop.js";
import { renewalTimes, Renewer } from "./renewer.js";
import type { WorkerEvent } from "../worker-events.js";

export interface KeepersOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: (event: WorkerEvent) => void;
  readonly settings: LeaseSettings;
  readonly held: () => Iterable<HeldLease>;
  readonly failed: (step: string, error: Error) => void;
}

/** The loops that keep what is held, until everything has been given back: renewals, and the watch over the process's own timers. */
export function startKeepers(options: KeepersOptions): {
  readonly loops: readonly Loop[];
  readonly renewer: Renewer;
} {
  const { clock, logger, observe, settings, held, failed } = options;
  const { renewPeriodMs, failoverTimeMs } = settings;
  const renewer = new Renewer((error) => failed("renew", error));
  const { lookMs } = renewalTimes(renewPeriodMs);
  const renewals = new Loop({
    clock,
    firstDelayMs: lookMs,
    delayMs: () => lookMs,
    kind: "rate",
    step: () => renewer.tick(held()),
    failed: (error) => failed("renew", error),
  });
  const watch = watchEventLoop({
    clock,
    failoverTimeMs,
    blocked: (lateMs) => {
      observe({ type: "event-loop-blocked", lateMs });
      logger.warn(
        { lateMs, failoverTimeMs },
        "event-loop-blocked: renewals were late; keep transforms short, or move them off the main thread with the option threads",
      );
    },
    failed: (error) => failed("event-loop-watch", error),
  });
  return { loops: [renewals, watch], renewer };
}
