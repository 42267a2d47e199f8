import type { LeaseChange } from "@kinesis-connectors/consumer";
import type { Scheduler } from "../world/scheduler.js";
import type { SimProcess } from "../world/sim-process.js";
import { type SentCall, shardOf } from "./shard-call.js";
import type { Violation } from "./violation.js";

/** A look at what is held comes every third of the failover time; answers and timers of that moment come in any order. */
const LOOKS_PER_FAILOVER = 3;
const SLACK_MS = 100;

/**
 * Looks whether a worker lets go of a shard in time: after the failover time without a write of its lease somebody else may own it, and it must
 * neither read nor write any more (I12). What protects the records does not hang on that, but on prepared batches: this alone tells that a lease
 * is held past its time.
 */
export class HoldChecker {
  readonly #scheduler: Scheduler;
  readonly #failoverTimeMs: number;
  readonly #report: (violation: Violation) => void;
  /** When the last write of each lease was carried out, which nobody has seen earlier. */
  readonly #holds = new Map<string, { readonly appliedMs: number; isReported: boolean }>();

  constructor(scheduler: Scheduler, failoverTimeMs: number, report: (violation: Violation) => void) {
    this.#scheduler = scheduler;
    this.#failoverTimeMs = failoverTimeMs;
    this.#report = report;
  }

  /** A write of a lease by a process was carried out. */
  applied({ name }: SimProcess, shardId: string, { type }: LeaseChange): void {
    // The leader of a fleet names another owner; that is no write of whoever holds the lease.
    if (type === "hand-off") return;
    if (type === "evict" || type === "reset" || type === "assign") this.#holds.delete(`${name} ${shardId}`);
    else this.#holds.set(`${name} ${shardId}`, { appliedMs: this.#scheduler.nowMs, isReported: false });
  }

  /** A call leaves a process. */
  sent(call: SentCall): void {
    const { process, name } = call;
    const shardId = shardOf(call);
    const hold = shardId === undefined ? undefined : this.#holds.get(`${process.name} ${shardId}`);
    if (hold === undefined || hold.isReported) return;
    const sinceMs = Math.max(hold.appliedMs + this.#failoverTimeMs, process.resumedMs);
    const overMs = this.#scheduler.nowMs - sinceMs;
    if (overMs <= this.#failoverTimeMs / LOOKS_PER_FAILOVER + SLACK_MS) return;
    hold.isReported = true;
    this.#report({
      rule: "I12",
      what: `${process.name} sends ${name} for ${shardId}, whose lease is overdue by ${overMs} ms`,
    });
  }
}
