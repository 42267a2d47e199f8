/**
 * States of a model, each a few small whole numbers, kept once each in the order they were found. Open addressing over flat arrays:
 * half a million states fit in a few tens of megabytes, where a Set of texts needs hundreds.
 */
export class StateStore {
  readonly #width: number;
  #states: Uint16Array;
  #slots: Int32Array;
  #count = 0;

  /** @param width how many numbers a state has, each below 65,536 */
  constructor(width: number) {
    this.#width = width;
    this.#states = new Uint16Array(width * 4096);
    this.#slots = new Int32Array(8192).fill(-1);
  }

  get count(): number {
    return this.#count;
  }

  /** Keeps a state unless it is there already; returns whether it was new. */
  add(state: Uint16Array): boolean {
    const slot = this.#slotOf(state, 0);
    if ((this.#slots[slot] as number) >= 0) return false;
    const start = this.#count * this.#width;
    if (start + this.#width > this.#states.length) this.#states = grown(this.#states);
    this.#states.set(state, start);
    this.#slots[slot] = this.#count;
    this.#count += 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return true;
  }

  /** Copies the state found as number `index` into `state`. */
  read(index: number, state: Uint16Array): void {
    const start = index * this.#width;
    for (let at = 0; at < this.#width; at += 1) state[at] = this.#states[start + at] as number;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let index = 0; index < this.#count; index += 1) {
      this.#slots[this.#slotOf(this.#states, index * this.#width)] = index;
    }
  }

  /** The slot that holds the state, or the free one where it belongs. */
  #slotOf(from: Uint16Array, start: number): number {
    const mask = this.#slots.length - 1;
    let hash = 0x811c9dc5;
    for (let at = 0; at < this.#width; at += 1) {
      hash = Math.imul(hash ^ (from[start + at] as number), 0x01000193);
      hash ^= hash >>> 15;
    }
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot] as number;
      if (index < 0 || this.#isSame(index, from, start)) return slot;
    }
  }

  #isSame(index: number, from: Uint16Array, start: number): boolean {
    const own = index * this.#width;
    for (let at = 0; at < this.#width; at += 1) {
      if (this.#states[own + at] !== from[start + at]) return false;
    }
    return true;
  }
}

function grown(states: Uint16Array): Uint16Array {
  const larger = new Uint16Array(states.length * 2);
  larger.set(states);
  return larger;
}
