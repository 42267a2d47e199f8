import type { Compression } from "../compression/compression.js";

/** So many bytes of records are remembered by the estimate, with their objects; older ones fade. */
const WINDOW_BYTES = 256 * 1024 * 1024;
/** So much of the first object says well enough what the compression makes of the rest: gzip refers back by 32 KiB. */
const SAMPLE_BYTES = 256 * 1024;
/** Of an object that should be small the sample is a part of it. */
const SAMPLES_PER_OBJECT = 4;

/**
 * Estimates how many bytes outputs will take in a compressed object, by what those before came to. Until something is known it takes sizes as
 * they are, so that the first objects of a process come out too small and not too large.
 */
export class SizeEstimate {
  readonly #sampleBytes: number;
  #countedBytes = 0;
  #objectBytes = 0;
  /** The fraction of a byte left over from the outputs so far: sizes are whole numbers, and small ones would lose much to rounding. */
  #left = 0;
  #isSampled = false;

  /** @param targetBytes how large objects should become, where somebody said */
  constructor(targetBytes: number = Number.MAX_SAFE_INTEGER) {
    this.#sampleBytes = Math.min(SAMPLE_BYTES, Math.ceil(targetBytes / SAMPLES_PER_OBJECT));
  }

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

  /** Learns from what was compressed: the bytes counted for it before, and what it came to. */
  learn(countedBytes: number, objectBytes: number): void {
    this.#countedBytes += countedBytes;
    this.#objectBytes += objectBytes;
    if (this.#countedBytes > WINDOW_BYTES) {
      const kept = WINDOW_BYTES / this.#countedBytes;
      this.#countedBytes *= kept;
      this.#objectBytes *= kept;
    }
  }

  /** Whether so much of an object should be given to `sample`. */
  wants(bytes: number): boolean {
    return !this.#isSampled && bytes >= this.#sampleBytes;
  }

  /** Learns from the beginning of an object, once, unless something is known already. The bytes may change afterwards. */
  sample(bytes: Buffer, compression: Compression): void {
    this.#isSampled = true;
    if (this.#countedBytes > 0) return;
    const sampled = compression.sampleBytes?.(bytes);
    if (sampled !== undefined) {
      this.learn(bytes.length, sampled);
      return;
    }
    compression.compress(Buffer.from(bytes)).then(
      (compressed) => this.learn(bytes.length, compressed.length),
      // What is wrong with the compression will be said of a whole object.
      () => undefined,
    );
  }
}
