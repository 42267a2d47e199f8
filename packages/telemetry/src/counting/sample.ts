import { EvenlySpread } from "../evenly-spread.js";

/** Keeps some of many numbers, evenly spread; and the greatest of all, because alarms look at it. */
export class Sample {
  readonly #size: number;
  #spread: EvenlySpread<number>;
  #greatest = -Infinity;

  constructor(size: number) {
    this.#size = size;
    this.#spread = new EvenlySpread(size);
  }

  add(value: number): void {
    if (value > this.#greatest) this.#greatest = value;
    this.#spread.add(value);
  }

  /** What was kept, the greatest included; then it begins anew. */
  take(): readonly number[] {
    const values = [...this.#spread.kept];
    // In the place of another one, so that there are no more than asked for.
    if (values.length > 0 && !values.includes(this.#greatest)) values[values.length - 1] = this.#greatest;
    this.#spread = new EvenlySpread(this.#size);
    this.#greatest = -Infinity;
    return values;
  }
}
