/**
 * Smaller bodies are not worth keeping: malloc has them at hand, without a page fault. An answer to a PutRecords of 500 records has 50 KiB; where little
 * else is made, such buffers alone call the garbage collector.
 */
const SMALLEST_KEPT_BYTES = 32 * 1024;
/** Capacities are whole multiples of this, so that bodies of about the same size fit each other's memory. */
const GRAIN_BYTES = 256 * 1024;
/** The same up to a grain. */
const SMALL_GRAIN_BYTES = 64 * 1024;
/** Free memory kept in all: three answers of GetRecords at its limit of 10 MiB, with what CBOR adds. Beyond it goes back to the machine. */
const MOST_FREE_BYTES = 36 * 1024 * 1024;

/**
 * Memory for the bodies of answers, used again. A fresh buffer of some megabytes is a thousand page faults, which cost more CPU than
 * everything else about receiving a body: three quarters of it, measured on bodies of 3.5 MB over loopback.
 *
 * Whoever gives memory back promises that nothing looks at it any more.
 */
export class BodyMemory {
  /** Handed out and not given back. Held weakly: a body that nobody gives back is the garbage collector's. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #free: ArrayBufferLike[] = [];
  #freeBytes = 0;

  /** Free bytes kept for the bodies to come. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** A buffer of this length, with whatever bytes are in it. */
  take(bytes: number): Buffer {
    if (bytes < SMALLEST_KEPT_BYTES) return Buffer.allocUnsafe(bytes);
    const memory = this.#takeFree(bytes) ?? Buffer.allocUnsafeSlow(roundedUp(bytes)).buffer;
    this.#lent.add(memory);
    return Buffer.from(memory, 0, bytes);
  }

  /** Takes memory back, for the bodies to come. Buffers that were not taken here are left alone. */
  give({ buffer: memory }: Buffer): void {
    if (!this.#lent.delete(memory)) return;
    this.#free.push(memory);
    this.#freeBytes += memory.byteLength;
    // The one that has waited longest is of a size that is asked for no more.
    while (this.#freeBytes > MOST_FREE_BYTES) this.#freeBytes -= this.#free.shift()?.byteLength ?? 0;
  }

  /** The one that was given back last, which the processor's caches know best, if it is large enough and no waste. */
  #takeFree(bytes: number): ArrayBufferLike | undefined {
    const index = this.#free.findLastIndex(
      ({ byteLength }) => byteLength >= bytes && byteLength <= Math.max(bytes * 4, GRAIN_BYTES),
    );
    if (index < 0) return undefined;
    const [memory] = this.#free.splice(index, 1);
    this.#freeBytes -= memory?.byteLength ?? 0;
    return memory;
  }
}

function roundedUp(bytes: number): number {
  const grain = bytes > GRAIN_BYTES ? GRAIN_BYTES : SMALL_GRAIN_BYTES;
  return Math.ceil(bytes / grain) * grain;
}
