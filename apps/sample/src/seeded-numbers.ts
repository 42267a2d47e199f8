/** Numbers in [0, 1) from a seed (mulberry32). */
export type SeededNumbers = () => number;

/** The same seed gives the same numbers. */
export function seededNumbers(seed: number): SeededNumbers {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of several, or undefined when there are none. */
export function pick<Item>(next: SeededNumbers, items: readonly Item[]): Item | undefined {
  return items[Math.floor(next() * items.length)];
}
