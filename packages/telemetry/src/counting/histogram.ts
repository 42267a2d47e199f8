/** Values spread over fixed buckets: plain numbers, however many values there were. */
export class Histogram {
  /** Upper bounds, ascending; one more bucket takes what is above the last. */
  readonly boundaries: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(boundaries: readonly number[]) {
    this.boundaries = boundaries;
    this.#counts = Array.from({ length: boundaries.length + 1 }, () => 0);
  }

  record(value: number): void {
    const at = bucketOf(this.boundaries, value);
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#count += 1;
    this.#sum += value;
  }

  snapshot(): HistogramSnapshot {
    return { counts: [...this.#counts], count: this.#count, sum: this.#sum };
  }
}

/** The state of a histogram. */
export interface HistogramSnapshot {
  /** Values of each bucket, not those of the buckets below it; one more than there are boundaries. */
  readonly counts: readonly number[];
  /** Values of all buckets. */
  readonly count: number;
  /** Of the values themselves, in the unit of the metric. */
  readonly sum: number;
}

/** A value that is a bucket's upper bound belongs to it (Prometheus: `le`; OpenTelemetry the same). */
function bucketOf(boundaries: readonly number[], value: number): number {
  let at = 0;
  while (at < boundaries.length && value > (boundaries[at] as number)) at += 1;
  return at;
}
