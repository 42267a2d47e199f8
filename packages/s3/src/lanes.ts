/**
 * Runs `task` for each item, at most `lanes` at a time, in order of their beginnings. After a failure no further item is begun; the
 * first failure is thrown when nothing is under way any more.
 */
export async function inLanes<Item>(
  items: readonly Item[],
  lanes: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  // All lanes take from one iterator, so each item is taken once.
  const waiting = items.values();
  let failure: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    for (const item of waiting) {
      if (failure !== undefined) return;
      try {
        await task(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  if (failure !== undefined) throw failure.error;
}

/** Tasks that come one by one: begun in their order, at most so many at a time. */
export class Lanes {
  readonly #lanes: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(lanes: number) {
    this.#lanes = lanes;
  }

  /** Settles as the task does. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#lanes) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The lane goes over to the one that waits longest.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
