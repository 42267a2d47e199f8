/** Keeps some of many numbers: all up to `size`, then every second, every fourth, evenly spread; and the greatest of all, because alarms look at it. */
export class Sample {
  readonly #size: number;
  #values: number[] = [];
  #greatest = -Infinity;
  #stride = 1;
  #seen = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(value: number): void {
    if (value > this.#greatest) this.#greatest = value;
    const number = this.#seen;
    this.#seen += 1;
    if (number % this.#stride !== 0) return;
    if (this.#values.length === this.#size) {
      this.#values = this.#values.filter((_, index) => index % 2 === 0);
      this.#stride *= 2;
      if (number % this.#stride !== 0) return;
    }
    this.#values.push(value);
  }

  /** What was kept, the greatest included; then it begins anew. */
  take(): readonly number[] {
    const values = this.#values;
    // In the place of another one, so that there are no more than asked for.
    if (values.length > 0 && !values.includes(this.#greatest)) values[values.length - 1] = this.#greatest;
    this.#values = [];
    this.#greatest = -Infinity;
    this.#stride = 1;
    this.#seen = 0;
    return values;
  }
}
