import type { Clock, Logger } from "@kinesis-connectors/core";
import type { LeaseSettings } from "./lease-settings.js";
import { Loop } from "./loop.js";

/** Pause between two warnings that say the same. */
const WARN_MS = 60_000;

/** How fresh what this worker knows of the lease table is. */
export interface LeaseTableLooks {
  /** When the table last answered a look, in epoch milliseconds; undefined before the first. */
  readonly lastLookMs: number | undefined;
  /** How long ago that was, in milliseconds on a clock that does not jump; since the worker opened the table before the first. It stands still once the worker stops. */
  readonly silentMs: number;
  /**
   * Above it the table counts as silent, in milliseconds: twice the longer of `leases.takePeriodMs` and `leases.failoverTimeMs`, and a failover time on top. 0 after a
   * lease was lost for want of renewals, until the next look.
   */
  readonly limitMs: number;
}

export interface TableWatchOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: Pick<LeaseSettings, "failoverTimeMs" | "takePeriodMs">;
}

/**
 * How long the lease table may be unseen. Looks come every `takePeriodMs` where workers take for themselves, every `failoverTimeMs` where a leader assigns, both a
 * tenth sooner or later. The longer of both counts in either mode, so that a change of mode moves nothing; twice, so that one look may fail; and a failover time on
 * top, for an answer that takes its time.
 */
export function silentAfterMs({ failoverTimeMs, takePeriodMs }: TableWatchOptions["settings"]): number {
  return 2 * Math.max(takePeriodMs, failoverTimeMs) + failoverTimeMs;
}

/** Tells for how long the lease table has not been seen. Without it a worker that lost its leases in an outage of the table looks like one that needs none. */
export class TableWatch {
  readonly #options: TableWatchOptions;
  readonly #limitMs: number;
  /** On the monotonic clock, which does not jump. */
  #seenMs: number;
  #lastLookMs: number | undefined;
  #hasLapsed = false;
  #endMs: number | undefined;
  #warnedMs: number | undefined;

  constructor(options: TableWatchOptions) {
    this.#options = options;
    this.#limitMs = silentAfterMs(options.settings);
    this.#seenMs = options.clock.monotonicNow();
  }

  /** The worker has opened the table, and looks from now on: a loop that warns while a look hangs, which tells of no failure by itself. */
  begin(failed: (error: Error) => void): Loop {
    const { clock, settings } = this.#options;
    this.#seenMs = clock.monotonicNow();
    const periodMs = Math.ceil(settings.failoverTimeMs / 2);
    return new Loop({
      clock,
      firstDelayMs: periodMs,
      delayMs: () => periodMs,
      kind: "delay",
      step: () => this.#warn(),
      failed,
    });
  }

  /** The table has answered a look. */
  seen(): void {
    const { clock } = this.#options;
    this.#seenMs = clock.monotonicNow();
    this.#lastLookMs = clock.now();
    this.#hasLapsed = false;
    this.#warnedMs = undefined;
  }

  /** A lease was lost because it could not be renewed: what it told by its age is gone with it, so nothing counts as well until the next look. */
  lapsed(): void {
    this.#hasLapsed = true;
  }

  /** No look is made any more. */
  end(): void {
    this.#endMs ??= this.#options.clock.monotonicNow();
  }

  get looks(): LeaseTableLooks {
    const nowMs = this.#endMs ?? this.#options.clock.monotonicNow();
    return {
      lastLookMs: this.#lastLookMs,
      silentMs: Math.max(0, Math.round(nowMs - this.#seenMs)),
      limitMs: this.#hasLapsed ? 0 : this.#limitMs,
    };
  }

  #warn(): void {
    const { clock, logger } = this.#options;
    const { silentMs, limitMs } = this.looks;
    if (this.#endMs !== undefined || silentMs <= limitMs) return;
    const nowMs = clock.monotonicNow();
    if (this.#warnedMs !== undefined && nowMs - this.#warnedMs < WARN_MS) return;
    this.#warnedMs = nowMs;
    logger.warn(
      { silentMs, limitMs },
      "table-silent: the lease table does not answer, so no shard can be kept or taken; look at its endpoint, the network, the credentials (those of a session expire), and the rights on it",
    );
  }
}
