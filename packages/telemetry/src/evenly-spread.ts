/** Some of many values, in their order: all up to `size`, then every second, every fourth, evenly spread over what was seen. */
export class EvenlySpread<Value> {
  readonly #size: number;
  #kept: Value[] = [];
  #stride = 1;
  #seen = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get kept(): readonly Value[] {
    return this.#kept;
  }

  add(value: Value): void {
    const number = this.#seen;
    this.#seen += 1;
    if (number % this.#stride !== 0) return;
    if (this.#kept.length === this.#size) {
      this.#kept = this.#kept.filter((_, index) => index % 2 === 0);
      this.#stride *= 2;
      if (number % this.#stride !== 0) return;
    }
    this.#kept.push(value);
  }
}
