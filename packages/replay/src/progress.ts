import type { ReplayEvent } from "./sources/replay-events.js";

/** The totals of a replay, of this run of the process alone. */
export interface ReplayTotals {
  /** Records read of the range, and of these emitted, filtered and set aside as dead letters: all of them committed. */
  readonly recordsRead: number;
  readonly recordsEmitted: number;
  readonly recordsFiltered: number;
  readonly deadLetters: number;
  /** Bytes of the records' data, as producers put them, committed or not. */
  readonly bytesRead: number;
  /** Shards that have been read to the end of the range, in earlier runs as well. */
  readonly shardsEnded: number;
  /** Shards that are known: children of those under way join them. */
  readonly shards: number;
}

/** Adds up the events of a replay. */
export class ReplayTally {
  #recordsRead = 0;
  #recordsEmitted = 0;
  #recordsFiltered = 0;
  #deadLetters = 0;
  #bytesRead = 0;
  shardsEnded = 0;
  shards = 0;

  count(event: ReplayEvent): void {
    if (event.type === "page-read") this.#bytesRead += event.dataBytes;
    if (event.type !== "checkpoint-commit") return;
    this.#recordsRead += event.read;
    this.#recordsEmitted += event.emitted;
    this.#recordsFiltered += event.filtered;
    this.#deadLetters += event.deadLettered;
  }

  snapshot(): ReplayTotals {
    return {
      recordsRead: this.#recordsRead,
      recordsEmitted: this.#recordsEmitted,
      recordsFiltered: this.#recordsFiltered,
      deadLetters: this.#deadLetters,
      bytesRead: this.#bytesRead,
      shardsEnded: this.shardsEnded,
      shards: this.shards,
    };
  }
}
