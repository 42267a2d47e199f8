import type { Clock } from "@kinesis-connectors/core";
import type { WorkerReport } from "@kinesis-connectors/leases";

export interface ReportAgesOptions {
  readonly clock: Clock;
  /** A worker counts as there for so long after a report. */
  readonly expiryMs: number;
}

/** Looks further apart than so many expiries do not tell when a report was written. */
const LOOKS_APART = 2;

interface Sight {
  readonly updatedS: number | undefined;
  /** When it was first seen as it is. */
  readonly seenMs: number;
  /** When it is taken to have been written, where that is known: it was seen to change. */
  readonly writtenMs: number;
}

/**
 * Which workers are there. A report says when it was written by its worker's own clock; what counts besides is when this worker saw it change, on its own
 * monotonic clock: so a worker whose clock is off is not passed over, and a report from the future does not count for good.
 */
export class ReportAges {
  readonly #options: ReportAgesOptions;
  #sights: ReadonlyMap<string, Sight> = new Map();
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(options: ReportAgesOptions) {
    this.#options = options;
  }

  /** Takes in all reports, as a look that is just over has shown them. */
  see(reports: readonly WorkerReport[]): void {
    const nowMs = this.#options.clock.monotonicNow();
    const sights = new Map<string, Sight>();
    // What the look before did not show has been written since; after a long pause that may have been long ago.
    const writtenMs = nowMs - this.#lookedMs <= LOOKS_APART * this.#options.expiryMs ? nowMs : this.#lookedMs;
    for (const { workerId, updatedS } of reports) {
      const before = this.#sights.get(workerId);
      const isSame = before !== undefined && before.updatedS === updatedS;
      sights.set(workerId, isSame ? before : { updatedS, seenMs: nowMs, writtenMs });
    }
    this.#sights = sights;
    this.#lookedMs = nowMs;
  }

  /** Whether the worker has said lately that it is there. */
  isFresh({ workerId, updatedS }: WorkerReport): boolean {
    const { clock, expiryMs } = this.#options;
    const sight = this.#sights.get(workerId);
    if (sight === undefined || updatedS === undefined || !Number.isFinite(updatedS)) return false;
    const nowMs = clock.monotonicNow();
    if (nowMs - sight.writtenMs <= expiryMs) return true;
    return clock.now() - updatedS * 1_000 <= expiryMs && nowMs - sight.seenMs <= expiryMs;
  }

  /** How long the report has been seen to be as it is, in milliseconds. */
  unchangedMs({ workerId }: WorkerReport): number {
    const seenMs = this.#sights.get(workerId)?.seenMs;
    return seenMs === undefined ? 0 : this.#options.clock.monotonicNow() - seenMs;
  }
}
