/** How far behind what is put a reader is, record by record, in one stretch of time. */
export class LagMeter {
  #behindMs: number[] = [];

  /** Notes a record that is read now. */
  readonly note = (arrivalTimeMs: number, nowMs: number): void => {
    this.#behindMs.push(Math.max(0, nowMs - arrivalTimeMs));
  };

  /** What was noted since the last time: the lag that 95 of 100 records stay below, in milliseconds, and how many there were. */
  take(): { readonly p95Ms: number; readonly records: number } {
    const sorted = this.#behindMs.toSorted((a, b) => a - b);
    this.#behindMs = [];
    return { p95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? 0, records: sorted.length };
  }
}
