import type { ConnectorEvent, EventsDropped } from "@kinesis-connectors/consumer";
import type { Position } from "@kinesis-connectors/core";
import { toldError, type ToldError } from "./told-event.js";

/** What went wrong, and where: codes and positions, no payload and no text of an error. */
export interface RecentError extends ToldError {
  /** The type of the event that told of it. */
  readonly type: ConnectorEvent["type"];
  readonly shardId?: string;
  readonly batchId?: string;
  readonly position?: Position;
  readonly operation?: string;
  /** Tries that failed in a row. */
  readonly attempt?: number;
  /** When it was told first and last, in epoch milliseconds, and how often: the same again and again is one entry. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** More than an operator reads, and little enough to keep. */
const MAX_ERRORS = 100;

/** Where in a connector something went wrong, apart from when. */
type Mishap = Omit<RecentError, "firstMs" | "lastMs" | "count">;

/** Keeps the last errors that a connector told of, the newest last. */
export class RecentErrors {
  /** By what makes them the same, in the order in which they were told last. */
  readonly #entries = new Map<string, RecentError>();

  note(event: ConnectorEvent | EventsDropped, nowMs: number): void {
    const mishap = mishapOf(event);
    if (mishap === undefined) return;
    const { type, shardId, operation, code, cause } = mishap;
    const key = JSON.stringify([type, shardId, operation, code, cause]);
    const before = this.#entries.get(key);
    this.#entries.delete(key);
    this.#entries.set(key, {
      ...mishap,
      firstMs: before?.firstMs ?? nowMs,
      lastMs: nowMs,
      count: (before?.count ?? 0) + 1,
    });
    if (this.#entries.size <= MAX_ERRORS) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  list(): readonly RecentError[] {
    return [...this.#entries.values()];
  }
}

function mishapOf(event: ConnectorEvent | EventsDropped): Mishap | undefined {
  const { type } = event;
  switch (type) {
    case "emit-retry": {
      const { shardId, batchId, attempt, error } = event;
      return { type, shardId, batchId, attempt, ...toldError(error) };
    }
    case "read-retry": {
      const { shardId, operation, attempt, error } = event;
      return { type, shardId, operation, attempt, ...toldError(error) };
    }
    case "lease-retry":
      return { type, operation: event.step, ...toldError(event.error) };
    case "record-dead-letter":
      return { type, shardId: event.shardId, position: event.position, code: event.code };
    case "retention-gap":
      return { type, shardId: event.shardId, position: event.expected, code: "KC_RETENTION_GAP" };
    case "lease-lose":
      return { type, shardId: event.shardId, code: "KC_LEASE_LOST" };
    case "page-refuse":
    case "shard-end-doubt":
    case "retention-risk":
      return { type, shardId: event.shardId, code: type };
    case "hole-found":
      return { type, code: type };
    case "leases-unattended":
      // Told once more when that is over.
      return event.shardIds.length === 0 ? undefined : { type, code: type };
    case "shard-fail":
    case "fan-out-fallback":
      return { type, shardId: event.shardId, ...toldError(event.error) };
    case "subscription-end":
      return event.error && { type, shardId: event.shardId, ...toldError(event.error) };
    case "connector-stop":
      return event.error && { type, ...toldError(event.error) };
    default:
      return undefined;
  }
}
