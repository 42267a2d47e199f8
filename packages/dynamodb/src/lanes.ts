import type { BufferEntry, FailedEntry } from "@kinesis-connectors/core";

/** What became of an entry. */
export type Settled<Output> = "placed" | FailedEntry<Output>;

/** The entries of one key that are not settled, in stream order, by their places in the batch. */
export interface Lane {
  readonly key: string;
  readonly open: number[];
  /** Whether the entries that will not be written were looked at. */
  isSifted: boolean;
}

/**
 * The entries of a batch by their keys. Of one key at most one write is under way, so nothing overtakes an earlier write of its key.
 *
 * Where only the last version counts, it is written in place of all: the earlier ones are placed with it. If it is refused for good, the
 * one before it takes its turn, as if the refused one had never been.
 */
export class Lanes<Output> {
  /** A lane for each key of several entries; of the others only the place of the one, since there are many of them. */
  readonly #lanes = new Map<string, Lane | number>();
  readonly #entries: readonly BufferEntry<Output>[];
  readonly #lastOnly: boolean;
  readonly #outcomes: (Settled<Output> | undefined)[];
  #added = 0;
  #settled = 0;

  /** @param outcomes - what became of each entry is written into it, by its place in the batch */
  constructor(
    entries: readonly BufferEntry<Output>[],
    lastOnly: boolean,
    outcomes: (Settled<Output> | undefined)[],
  ) {
    this.#entries = entries;
    this.#lastOnly = lastOnly;
    this.#outcomes = outcomes;
  }

  /** Adds an entry behind those of its key. */
  add(key: string, index: number): void {
    this.#added += 1;
    const lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, index);
    else if (typeof lane === "number") this.#lanes.set(key, { key, open: [lane, index], isSifted: false });
    else lane.open.push(index);
  }

  /** How many entries were settled so far. */
  get settled(): number {
    return this.#settled;
  }

  /** How many are not. */
  get unsettled(): number {
    return this.#added - this.#settled;
  }

  /** The keys that still have entries, each as it is when its turn comes. */
  *pending(): Generator<Lane> {
    for (const [key, lane] of this.#lanes) {
      if (typeof lane === "number") {
        if (this.#outcomes[lane] === undefined) yield { key, open: [lane], isSifted: true };
      } else if (lane.open.length > 0) yield lane;
    }
  }

  /** The place of the entry whose turn it is; undefined once all of its key are settled. */
  current({ open }: Lane): number | undefined {
    return this.#lastOnly ? open.at(-1) : open[0];
  }

  /**
   * Refuses, of the entries that a later one stands for, those that could never have been written: they count as placed otherwise. Does so
   * once for a lane.
   */
  sift(lane: Lane, failureOf: (index: number) => Error | undefined): void {
    if (!this.#lastOnly || lane.isSifted || lane.open.length < 2) return;
    lane.isSifted = true;
    const last = lane.open.length - 1;
    const kept = lane.open.filter((index, place) => {
      const failure = place === last ? undefined : failureOf(index);
      if (failure !== undefined) this.#refuse(index, failure);
      return failure === undefined;
    });
    lane.open.splice(0, lane.open.length, ...kept);
  }

  /** The entry whose turn it was has been placed. */
  place({ open }: Lane): void {
    if (this.#lastOnly) {
      for (const index of open) this.#settle(index, "placed");
      open.length = 0;
    } else {
      const index = open.shift();
      if (index !== undefined) this.#settle(index, "placed");
    }
  }

  /** The entry whose turn it was will never be taken. */
  reject({ open }: Lane, error: Error): void {
    const index = this.#lastOnly ? open.pop() : open.shift();
    if (index !== undefined) this.#refuse(index, error);
  }

  #refuse(index: number, error: Error): void {
    const entry = this.#entries[index];
    if (entry !== undefined) this.#settle(index, { entry, action: "dead-letter", error });
  }

  #settle(index: number, outcome: Settled<Output>): void {
    this.#outcomes[index] = outcome;
    this.#settled += 1;
  }
}
