import { comparePositions, type Position } from "@kinesis-connectors/core";

interface Reading {
  readonly throughMs: number;
  readonly scannedEnd: Position;
}

/**
 * Knows until when everything that a shard received has been read AND committed: reading tells how far it came and when, commits tell
 * where the checkpoint is, and the time holds once the checkpoint has caught up with the reading.
 */
export class ReadThrough {
  readonly #note: (wallTimeMs: number) => void;
  #committed: Position | undefined;
  // The oldest reading that waits for its commit, and the newest: under a constant flow the newest alone would never be reached.
  #oldest: Reading | undefined;
  #newest: Reading | undefined;

  constructor(committed: Position | undefined, note: (wallTimeMs: number) => void) {
    this.#committed = committed;
    this.#note = note;
  }

  read(throughMs: number, scannedEnd: Position | undefined): void {
    if (scannedEnd === undefined || this.#isCommitted(scannedEnd)) {
      this.#oldest = undefined;
      this.#newest = undefined;
      this.#note(throughMs);
      return;
    }
    const reading = { throughMs, scannedEnd };
    if (this.#oldest === undefined) this.#oldest = reading;
    else this.#newest = reading;
  }

  commit(checkpoint: Position): void {
    this.#committed = checkpoint;
    if (this.#newest !== undefined && this.#isCommitted(this.#newest.scannedEnd)) {
      this.#note(this.#newest.throughMs);
      this.#oldest = undefined;
      this.#newest = undefined;
    } else if (this.#oldest !== undefined && this.#isCommitted(this.#oldest.scannedEnd)) {
      this.#note(this.#oldest.throughMs);
      this.#oldest = this.#newest;
      this.#newest = undefined;
    }
  }

  #isCommitted(position: Position): boolean {
    return this.#committed !== undefined && comparePositions(this.#committed, position) >= 0;
  }
}
