import type { WorkerReport } from "@kinesis-connectors/leases";
import type { SeenLease } from "./fleet-view.js";

/** Owners whose leases have all expired: what they do not renew, or did not begin to renew when they got it, they would not renew if they got it again. */
export function silentOwners(leases: readonly Pick<SeenLease, "isFree" | "owner">[]): ReadonlySet<string> {
  const silent = new Set(
    leases.flatMap(({ isFree, owner }) => (isFree && owner !== undefined ? [owner] : [])),
  );
  for (const { isFree, owner } of leases) if (!isFree && owner !== undefined) silent.delete(owner);
  return silent;
}

/**
 * Remembers workers that were silent until they report anew: the last report of one that died counts for a minute, in which it would be given leases
 * again and again, and nobody would read them.
 */
export class SilentWorkers {
  readonly #reported = new Map<string, number>();

  /** The workers that are silent now. */
  see(
    leases: readonly Pick<SeenLease, "isFree" | "owner">[],
    reports: readonly WorkerReport[],
  ): ReadonlySet<string> {
    const updated = new Map(reports.map(({ workerId, updatedS }) => [workerId, updatedS ?? 0]));
    for (const [workerId, reportedS] of this.#reported) {
      const updatedS = updated.get(workerId);
      if (updatedS === undefined || updatedS > reportedS) this.#reported.delete(workerId);
    }
    for (const workerId of silentOwners(leases)) {
      const updatedS = updated.get(workerId);
      if (updatedS !== undefined) this.#reported.set(workerId, updatedS);
    }
    return new Set(this.#reported.keys());
  }

  clear(): void {
    this.#reported.clear();
  }
}
