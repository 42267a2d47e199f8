import type { Violation } from "./violation.js";
import { type Entry, nameOf } from "./ledger.js";
import type { RecordKind } from "../payload.js";

/** What a destination owes about records that land more than once. */
export interface LandingRule {
  /** `wrong`: a record that lands again is told of. `counted`: the destination promises at least once, and it is only counted. */
  readonly repeats: "wrong" | "counted";
  /**
   * Whether what became of each record is stored before the first write. Where it is not, a record whose transform comes out otherwise
   * the second time may be in the destination and among the dead letters: nothing says which it was the first time.
   */
  readonly isPlanned: boolean;
}

const EXACTLY_ONCE: LandingRule = { repeats: "wrong", isPlanned: true };

/** Records that may be kept the one time and be poison the other. */
const UNDECIDED: ReadonlySet<RecordKind> = new Set<RecordKind>(["slow", "flaky-poison"]);

/** Counts how often every output of every record lands. */
export class Landings {
  readonly #report: (violation: Violation) => void;
  readonly #rule: LandingRule;
  duplicated = 0;
  /** Records that landed again where a KCL worker was one of those that delivered them. */
  repeatedByKcl = 0;

  constructor(report: (violation: Violation) => void, rule: LandingRule = EXACTLY_ONCE) {
    this.#report = report;
    this.#rule = rule;
  }

  /** A KCL worker delivered a record: at least once is what it promises, and its repeats are only counted. */
  landByKcl(entry: Entry): void {
    if (entry.byKcl > 0 || entry.dead > 0 || entry.archived.some((count) => count > 0))
      this.repeatedByKcl += 1;
    entry.byKcl += 1;
  }

  /** An output landed in the destination, or its record among the dead letters. */
  land(entry: Entry, output: number, isDead: boolean, where: string): void {
    const { landedBefore, deadBefore, strays } = entry;
    let times: number;
    if (entry.byKcl > 0 && output === 0) this.repeatedByKcl += 1;
    if (isDead) times = (entry.dead += 1) - deadBefore - strays;
    else
      times =
        (entry.archived[output] = (entry.archived[output] ?? 0) + 1) - (landedBefore[output] ?? 0) - strays;
    const mayBeBoth =
      !this.#rule.isPlanned && entry.payload !== undefined && UNDECIDED.has(entry.payload.kind);
    const isInBoth = !mayBeBoth && entry.dead > 0 && entry.archived.some((count) => count > 0);
    if (times <= 1 && !isInBoth) return;
    this.duplicated += 1;
    if (this.#rule.repeats === "counted" && !isDead && !isInBoth) return;
    this.#report({
      rule: "duplicated",
      what: `${nameOf(entry)} of ${entry.shardId} landed again, in ${where}`,
    });
  }
}
