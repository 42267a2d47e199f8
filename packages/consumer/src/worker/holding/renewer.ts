import { asError, hasCode } from "@kinesis-connectors/core";
import type { HeldLease } from "@kinesis-connectors/leases";

// amazon-kinesis-client: maxLeaseRenewalThreads.
const MAX_IN_FLIGHT = 20;

/**
 * Looks in one renewal period. A lease is renewed at the look nearest to the end of its period, counted from its last write: so one that is committed often is
 * never renewed besides, and none gets older than a period and half the time between two looks.
 */
const LOOKS_PER_PERIOD = 4;

/** When leases are looked at, and how old one has to be for a renewal, by the renewal period. */
export function renewalTimes(renewPeriodMs: number): {
  readonly lookMs: number;
  readonly renewAfterMs: number;
} {
  const lookMs = Math.max(1, Math.floor(renewPeriodMs / LOOKS_PER_PERIOD));
  return { lookMs, renewAfterMs: renewPeriodMs - lookMs / 2 };
}

/** Renews the held leases, a bounded number at a time, and drops those that were not renewed in time before anything else. */
export class Renewer {
  readonly #failed: (error: Error) => void;
  readonly #waiting = new Set<HeldLease>();
  #inFlight = 0;
  #count = 0;

  constructor(failed: (error: Error) => void) {
    this.#failed = failed;
  }

  /** Renewals that were written. */
  get count(): number {
    return this.#count;
  }

  /** One tick. Returns at once: a renewal that hangs keeps neither the others nor the next tick from being looked at. */
  tick(held: Iterable<HeldLease>): void {
    for (const lease of held) if (!lease.dropIfOverdue()) this.#waiting.add(lease);
    this.#pump();
  }

  #pump(): void {
    for (const lease of this.#waiting) {
      if (this.#inFlight >= MAX_IN_FLIGHT) return;
      this.#waiting.delete(lease);
      this.#inFlight += 1;
      void this.#renew(lease);
    }
  }

  async #renew(lease: HeldLease): Promise<void> {
    try {
      const before = lease.renewalCount;
      await lease.renew();
      this.#count += lease.renewalCount - before;
    } catch (thrown) {
      // A lost lease has told its worker already.
      if (!hasCode(thrown, "KC_LEASE_LOST")) this.#failed(asError(thrown));
    } finally {
      this.#inFlight -= 1;
      this.#pump();
    }
  }
}
