import type { Clock, Logger } from "@kinesis-connectors/core";
import type { WorkerEvent } from "../worker-events.js";
import type { Unattended } from "./orphans.js";

export interface UnattendedWatchOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: (event: WorkerEvent) => void;
  readonly warnMs: number;
  readonly orphanMs: number;
}

/** Tells of leases that nobody renews in a fleet in which a leader assigns them, for as long as there are any. */
export class UnattendedWatch {
  readonly #options: UnattendedWatchOptions;
  #isAny = false;
  #warnedMs: number | undefined;

  constructor(options: UnattendedWatchOptions) {
    this.#options = options;
  }

  /** Whether there were any at the last look. */
  get isAny(): boolean {
    return this.#isAny;
  }

  see({ leases, longestMs }: Unattended): void {
    const { clock, logger, observe, warnMs, orphanMs } = this.#options;
    if (leases.length === 0) {
      this.clear();
      return;
    }
    this.#isAny = true;
    observe({
      type: "leases-unattended",
      shardIds: leases.map(({ leaseKey }) => leaseKey),
      longestMs: Math.round(longestMs),
    });
    const nowMs = clock.monotonicNow();
    if (this.#warnedMs !== undefined && nowMs - this.#warnedMs < warnMs) return;
    this.#warnedMs = nowMs;
    logger.warn(
      { leases: leases.length, longestMs: Math.round(longestMs), takenAfterMs: orphanMs },
      "leases-unattended: nobody renews these leases, and the leader of the fleet (KCL 3.x mode) has not assigned them; " +
        "they are taken by workers of ours once it has had its time",
    );
  }

  /** Nothing is unattended any more, or it is no leader's business. */
  clear(): void {
    if (!this.#isAny) return;
    this.#isAny = false;
    this.#warnedMs = undefined;
    this.#options.observe({ type: "leases-unattended", shardIds: [], longestMs: 0 });
  }
}
