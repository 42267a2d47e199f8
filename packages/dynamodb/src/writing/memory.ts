import type { BufferEntry } from "@kinesis-connectors/core";
import type { Outcomes, Settled } from "./key-queues.js";

/** What an emission that failed had settled before: so much need not be written twice. Forgotten with the batch. */
export class Memory<Output> {
  readonly #settled = new WeakMap<BufferEntry<Output>, Settled<Output>>();
  #isEmpty = true;

  /** Keeps what was settled until the entries come again. */
  keep(entries: readonly BufferEntry<Output>[], outcomes: Outcomes<Output>): void {
    for (const [index, entry] of entries.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) continue;
      this.#settled.set(entry, outcome);
      this.#isEmpty = false;
    }
  }

  /** Takes out the outcome of an entry, if it was settled. */
  take(entry: BufferEntry<Output>): Settled<Output> | undefined {
    // Emissions that fail are few: without this each entry of any batch would be looked for.
    if (this.#isEmpty) return undefined;
    const outcome = this.#settled.get(entry);
    if (outcome !== undefined) this.#settled.delete(entry);
    return outcome;
  }
}
