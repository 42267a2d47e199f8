import type { Lease } from "@kinesis-connectors/consumer";
import type { SeededRandom } from "../world/random.js";
import type { Scheduler } from "../world/scheduler.js";

const BEHIND = 0.3;
const MAX_BEHIND_MS = 500;

/** What rows were a moment ago: reads of DynamoDB that do not ask for consistency, and those of an index, may show that. */
export class RowHistory {
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  #states: { readonly sinceMs: number; readonly rows: ReadonlyMap<string, Lease> }[] = [
    { sinceMs: 0, rows: new Map() },
  ];

  constructor(scheduler: Scheduler, random: SeededRandom) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** The rows were changed. */
  note(rows: ReadonlyMap<string, Lease>): void {
    const { nowMs } = this.#scheduler;
    this.#states.push({ sinceMs: nowMs, rows: new Map(rows) });
    const needed = this.#states.findLastIndex(({ sinceMs }) => sinceMs <= nowMs - MAX_BEHIND_MS);
    if (needed > 0) this.#states = this.#states.slice(needed);
  }

  behind(): ReadonlyMap<string, Lease> {
    const lagMs = this.#random.chance(BEHIND) ? this.#random.between(1, MAX_BEHIND_MS) : 0;
    const atMs = this.#scheduler.nowMs - lagMs;
    const state = this.#states.findLast(({ sinceMs }) => sinceMs <= atMs) ?? this.#states[0];
    return state?.rows ?? new Map();
  }
}
