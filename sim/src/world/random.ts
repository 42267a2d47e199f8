import type { Random } from "@kinesis-connectors/core";

/**
 * A small generator of pseudo-random numbers (sfc32, Chris Doty-Humphrey's PractRand): 32-bit whole numbers only, so every version
 * of every engine draws the same numbers from the same seed.
 */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param stream separates the draws of one purpose from those of another under the same seed */
  constructor(seed: number, stream = 0) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = stream | 0;
    // The first numbers of neighbouring seeds resemble each other.
    for (let round = 0; round < 12; round += 1) this.#draw();
  }

  readonly next = (): number => (this.#draw() >>> 0) / 2 ** 32;

  readonly uuid = (): string => {
    const hex = Array.from({ length: 4 }, () => (this.#draw() >>> 0).toString(16).padStart(8, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  };

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** How long until what comes at random moments comes next, where it comes once in `meanMs`. */
  untilNextMs(meanMs: number): number {
    return -Math.log(1 - this.next()) * meanMs;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T;
  }

  #draw(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum;
  }
}
