// KCL `LeaseStatsRecorder`: the weight of the newest interval in the moving average, and the bytes of a KB.
const ALPHA = 0.5;
const BYTES_PER_KB = 1024;
/** Shorter intervals say more about their edges than about the shard. */
const MIN_INTERVAL_MS = 200;

/** What is read of a shard, in KiB per second: a moving average over the intervals between renewals, as KCL 3.x workers have it. */
export class ThroughputMeter {
  #averageKBps: number | undefined;
  #bytes = 0;
  #sinceMs: number;

  /** `seedKBps`: what the owner before said of the shard. */
  constructor(seedKBps: number | undefined, nowMs: number) {
    this.#averageKBps = seedKBps;
    this.#sinceMs = nowMs;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The average with the interval that ends now. */
  sample(nowMs: number): number {
    const intervalMs = nowMs - this.#sinceMs;
    if (intervalMs < MIN_INTERVAL_MS) return this.#averageKBps ?? 0;
    const kbps = this.#bytes / BYTES_PER_KB / (intervalMs / 1_000);
    this.#averageKBps =
      this.#averageKBps === undefined ? kbps : ALPHA * kbps + (1 - ALPHA) * this.#averageKBps;
    this.#bytes = 0;
    this.#sinceMs = nowMs;
    return this.#averageKBps;
  }
}
