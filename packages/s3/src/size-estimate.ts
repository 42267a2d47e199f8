/** So many bytes of records are remembered by the estimate, with their objects; older ones fade. */
const WINDOW_BYTES = 256 * 1024 * 1024;

/**
 * Estimates how many bytes outputs will take in a compressed object, by what the objects before came to. Until the first one is written
 * it takes sizes as they are, so that the first objects of a process come out too small and not too large.
 */
export class SizeEstimate {
  #countedBytes = 0;
  #objectBytes = 0;
  /** The fraction of a byte left over from the outputs so far: sizes are whole numbers, and small ones would lose much to rounding. */
  #left = 0;

  /** Bytes of an object per byte counted. */
  get ratio(): number {
    return this.#countedBytes === 0 ? 1 : this.#objectBytes / this.#countedBytes;
  }

  /** The estimate for an output of so many bytes before compression, in whole bytes. */
  of(bytes: number): number {
    const exact = bytes * this.ratio + this.#left;
    const whole = Math.floor(exact);
    this.#left = exact - whole;
    return whole;
  }

  /** Learns from a written object: the bytes counted for its outputs before compression, and its own. */
  learn(countedBytes: number, objectBytes: number): void {
    this.#countedBytes += countedBytes;
    this.#objectBytes += objectBytes;
    if (this.#countedBytes > WINDOW_BYTES) {
      const kept = WINDOW_BYTES / this.#countedBytes;
      this.#countedBytes *= kept;
      this.#objectBytes *= kept;
    }
  }
}
