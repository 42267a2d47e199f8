import type { BufferEntry, FailedEntry } from "@kinesis-connectors/core";
import type { Write } from "./writes.js";

/** What became of an entry. */
export type Settled<Output> = "placed" | FailedEntry<Output>;

/** The writes of one key that are not settled, in stream order. */
export interface Lane<Output> {
  readonly key: string;
  readonly open: readonly Write<Output>[];
}

/**
 * The writes of a batch by their keys. Of one key at most one write is under way, so nothing overtakes an earlier write of its key.
 *
 * Where only the last version counts, it is written in place of all: the earlier ones are placed with it. If it is refused for good, the
 * one before it takes its turn, as if the refused one had never been.
 */
export class Lanes<Output> {
  readonly #lanes = new Map<string, { readonly key: string; readonly open: Write<Output>[] }>();
  readonly #lastOnly: boolean;
  readonly #settle: (entry: BufferEntry<Output>, outcome: Settled<Output>) => void;
  #settled = 0;

  constructor(lastOnly: boolean, settle: (entry: BufferEntry<Output>, outcome: Settled<Output>) => void) {
    this.#lastOnly = lastOnly;
    this.#settle = settle;
  }

  /** Adds a write behind those of its key. */
  add(write: Write<Output>): void {
    const lane = this.#lanes.get(write.key);
    if (lane === undefined) this.#lanes.set(write.key, { key: write.key, open: [write] });
    else lane.open.push(write);
  }

  /** How many writes were settled so far. */
  get settled(): number {
    return this.#settled;
  }

  /** The keys that still have writes. */
  pending(): readonly Lane<Output>[] {
    return [...this.#lanes.values()].filter((lane) => lane.open.length > 0);
  }

  /** The write of a key whose turn it is. */
  current(lane: Lane<Output>): Write<Output> | undefined {
    return this.#lastOnly ? lane.open.at(-1) : lane.open[0];
  }

  /** The write whose turn it was has been placed. */
  place({ key }: Lane<Output>): void {
    const open = this.#lanes.get(key)?.open ?? [];
    for (const { entry } of this.#lastOnly ? open.splice(0) : open.splice(0, 1)) {
      this.#settle(entry, "placed");
      this.#settled += 1;
    }
  }

  /** The write whose turn it was will never be taken. */
  reject({ key }: Lane<Output>, error: Error): void {
    const open = this.#lanes.get(key)?.open ?? [];
    const write = this.#lastOnly ? open.pop() : open.shift();
    if (write === undefined) return;
    this.#settle(write.entry, { entry: write.entry, action: "dead-letter", error });
    this.#settled += 1;
  }
}
