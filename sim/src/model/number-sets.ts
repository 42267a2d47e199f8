/** Sorted lists of small numbers, each known by a small number of its own: what is written, what is under way. */
export class NumberLists {
  readonly #lists: (readonly number[])[] = [[]];
  readonly #ids = new Map<string, number>([["", 0]]);

  /** The id of a list; its order does not count. */
  idOf(numbers: readonly number[]): number {
    const sorted = [...numbers].sort((a, b) => a - b);
    const name = sorted.join();
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#lists.push(sorted) - 1;
    if (id > 0xffff) throw new RangeError("more lists than a state has room for: take smaller bounds");
    this.#ids.set(name, id);
    return id;
  }

  list(id: number): readonly number[] {
    return this.#lists[id] as readonly number[];
  }
}
