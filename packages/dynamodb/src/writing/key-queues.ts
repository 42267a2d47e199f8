import type { BufferEntry, FailedEntry } from "@kinesis-connectors/core";

/** The outcome of an entry. */
export type Settled<Output> = "written" | FailedEntry<Output>;

/** The outcomes of a batch's entries, by their indexes in it. */
export type Outcomes<Output> = (Settled<Output> | undefined)[];

/**
 * The entries of a batch by their keys, each key a queue; queues are known by the number of their key. Of one key at most one write is under way, so
 * nothing overtakes an earlier write of its key.
 *
 * Where only the last version counts, it is written in place of all: the earlier ones are written with it. If it is refused for good, the
 * one before it takes its turn, as if the refused one had never been.
 *
 * There is no object per key, because there are as many of them as items.
 */
export class KeyQueues<Output> {
  readonly #entries: readonly BufferEntry<Output>[];
  readonly #lastOnly: boolean;
  readonly #outcomes: Outcomes<Output>;
  readonly #keyIndexOf = new Map<string, number>();
  readonly #keys: string[] = [];
  /** The place in the batch of the first entry of each queue. */
  readonly #firsts: number[] = [];
  /** The unsettled entries of the queues that have had several, in stream order. */
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
    const keyIndex = this.#keyIndexOf.get(key);
    if (keyIndex === undefined) {
      this.#keyIndexOf.set(key, this.#keys.length);
      this.#keys.push(key);
      this.#firsts.push(index);
      return;
    }
    const queue = this.#queues.get(keyIndex);
    if (queue === undefined) this.#queues.set(keyIndex, [this.#firsts[keyIndex] as number, index]);
    else queue.push(index);
  }

  /** How many keys there are. */
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

  /** The key of a queue. */
  key(keyIndex: number): string {
    return this.#keys[keyIndex] as string;
  }

  /** The place of the entry whose turn it is; undefined once all of its key are settled. */
  current(keyIndex: number): number | undefined {
    const queue = this.#queueOf(keyIndex);
    if (queue !== undefined) return this.#lastOnly ? queue.at(-1) : queue[0];
    const index = this.#firsts[keyIndex] as number;
    return this.#outcomes[index] === undefined ? index : undefined;
  }

  /**
   * Refuses, of the entries that a later one stands for, those that could never have been written: they count as written otherwise. Does so
   * once for a queue.
   */
  sift(keyIndex: number, failureOf: (index: number) => Error | undefined): void {
    const queue = this.#queueOf(keyIndex);
    if (!this.#lastOnly || queue === undefined || this.#sifted.has(keyIndex)) return;
    this.#sifted.add(keyIndex);
    const kept = queue.filter((index, written) => {
      const failure = written === queue.length - 1 ? undefined : failureOf(index);
      if (failure !== undefined) this.#refuse(index, failure);
      return failure === undefined;
    });
    this.#queues.set(keyIndex, kept);
  }

  /** The entry whose turn it was has been written. */
  written(keyIndex: number): void {
    const queue = this.#queueOf(keyIndex);
    if (queue === undefined) this.#settle(this.#firsts[keyIndex] as number, "written");
    else
      for (const index of queue.splice(0, this.#lastOnly ? queue.length : 1)) this.#settle(index, "written");
  }

  /** The entry whose turn it was will never be taken. */
  reject(keyIndex: number, error: Error): void {
    const queue = this.#queueOf(keyIndex);
    if (queue === undefined) return this.#refuse(this.#firsts[keyIndex] as number, error);
    const index = this.#lastOnly ? queue.pop() : queue.shift();
    if (index !== undefined) this.#refuse(index, error);
  }

  #queueOf(keyIndex: number): number[] | undefined {
    return this.#queues.size === 0 ? undefined : this.#queues.get(keyIndex);
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
