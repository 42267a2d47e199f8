import type { Violation } from "./violation.js";
import { type Entry, nameOf } from "./ledger.js";
import { compareEntries, type Version } from "./newest-checker.js";

/** Looks at a destination that keeps the order of each key: a record comes for the first time only after all that stand before it. */
export class KeyOrder {
  readonly #report: (violation: Violation) => void;
  readonly #lastFirst = new Map<string, Version>();
  reordered = 0;

  constructor(report: (violation: Violation) => void) {
    this.#report = report;
  }

  /** An output arrived that is about to be counted among those that landed. */
  arrived(key: string, entry: Entry, output: number): void {
    if (entry.archived[output] !== 0 || !isCertain(entry)) return;
    const before = this.#lastFirst.get(key);
    if (before !== undefined && (compareEntries(before.entry, entry) || before.output - output) > 0)
      this.wrong(`${nameOf(entry)} of ${key} comes after ${nameOf(before.entry)}`);
    this.#lastFirst.set(key, { entry, output });
  }

  /** Something else that loses the order. */
  wrong(what: string): void {
    this.reordered += 1;
    this.#report({ rule: "reordered", what });
  }
}

/**
 * Whether a record comes before all later ones of its key, whoever puts it. One that may be dropped or kept, and one that retention took
 * away from the next owners (which is reported), may still come late, from a process that is over.
 */
function isCertain({ payload, isTrimmed }: Entry): boolean {
  return !isTrimmed && (payload?.kind === "plain" || payload?.kind === "many");
}
