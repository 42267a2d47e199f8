import type { BufferEntry, FailedEntry } from "@kinesis-connectors/core";

/** What became of an entry. */
export type Settled<Output> = "placed" | FailedEntry<Output>;

/** What became of the entries of a batch, by their places in it. */
export type Outcomes<Output> = (Settled<Output> | undefined)[];

/**
 * The entries of a batch by their keys, each key a lane; lanes are known by their number. Of one key at most one write is under way, so
 * nothing overtakes an earlier write of its key.
 *
 * Where only the last version counts, it is written in place of all: the earlier ones are placed with it. If it is refused for good, the
 * one before it takes its turn, as if the refused one had never been.
 *
 * There is no object per key, because there are as many of them as items.
 */
export class Lanes<Output> {
  readonly #entries: readonly BufferEntry<Output>[];
  readonly #lastOnly: boolean;
  readonly #outcomes: Outcomes<Output>;
  readonly #laneOf = new Map<string, number>();
  readonly #keys: string[] = [];
  /** The place in the batch of the first entry of each lane. */
  readonly #firsts: number[] = [];
  /** The unsettled entries of the lanes that have had several, in stream order. */
  readonly #queues = new Map<number, number[]>();
  readonly #sifted = new Set<number>();
  #added = 0;
  #settled = 0;

  /** @param outcomes - what became of each entry is written into it */
  constructor(entries: readonly BufferEntry<Output>[], lastOnly: boolean, outcomes: Outcomes<Output>) {
    this.#entries = entries;
    this.#lastOnly = lastOnly;
    this.#outcomes = outcomes;
  }

  /** Adds an entry behind those of its key. */
  add(key: string, index: number): void {
    this.#added += 1;
    const lane = this.#laneOf.get(key);
    if (lane === undefined) {
      this.#laneOf.set(key, this.#keys.length);
      this.#keys.push(key);
      this.#firsts.push(index);
      return;
    }
    const queue = this.#queues.get(lane);
    if (queue === undefined) this.#queues.set(lane, [this.#firsts[lane] as number, index]);
    else queue.push(index);
  }

  /** How many lanes there are. */
  get count(): number {
    return this.#keys.length;
  }

  /** How many entries were settled so far. */
  get settled(): number {
    return this.#settled;
  }

  /** How many are not. */
  get unsettled(): number {
    return this.#added - this.#settled;
  }

  /** The key of a lane. */
  key(lane: number): string {
    return this.#keys[lane] as string;
  }

  /** The place of the entry whose turn it is; undefined once all of its key are settled. */
  current(lane: number): number | undefined {
    const queue = this.#queueOf(lane);
    if (queue !== undefined) return this.#lastOnly ? queue.at(-1) : queue[0];
    const index = this.#firsts[lane] as number;
    return this.#outcomes[index] === undefined ? index : undefined;
  }

  /**
   * Refuses, of the entries that a later one stands for, those that could never have been written: they count as placed otherwise. Does so
   * once for a lane.
   */
  sift(lane: number, failureOf: (index: number) => Error | undefined): void {
    const queue = this.#queueOf(lane);
    if (!this.#lastOnly || queue === undefined || this.#sifted.has(lane)) return;
    this.#sifted.add(lane);
    const kept = queue.filter((index, place) => {
      const failure = place === queue.length - 1 ? undefined : failureOf(index);
      if (failure !== undefined) this.#refuse(index, failure);
      return failure === undefined;
    });
    this.#queues.set(lane, kept);
  }

  /** The entry whose turn it was has been placed. */
  place(lane: number): void {
    const queue = this.#queueOf(lane);
    if (queue === undefined) this.#settle(this.#firsts[lane] as number, "placed");
    else
      for (const index of queue.splice(0, this.#lastOnly ? queue.length : 1)) this.#settle(index, "placed");
  }

  /** The entry whose turn it was will never be taken. */
  reject(lane: number, error: Error): void {
    const queue = this.#queueOf(lane);
    if (queue === undefined) return this.#refuse(this.#firsts[lane] as number, error);
    const index = this.#lastOnly ? queue.pop() : queue.shift();
    if (index !== undefined) this.#refuse(index, error);
  }

  #queueOf(lane: number): number[] | undefined {
    return this.#queues.size === 0 ? undefined : this.#queues.get(lane);
  }

  #refuse(index: number, error: Error): void {
    const entry = this.#entries[index] as BufferEntry<Output>;
    this.#settle(index, { entry, action: "dead-letter", error });
  }

  #settle(index: number, outcome: Settled<Output>): void {
    this.#outcomes[index] = outcome;
    this.#settled += 1;
  }
}
