import type { Violation } from "./violation.js";
import { type Entry, type Ledger, nameOf } from "./ledger.js";
import { keyText } from "../payload.js";

/** One output of a record. */
export interface Version {
  readonly entry: Entry;
  readonly output: number;
}

/**
 * Looks at a destination that holds one version of each key: in the end the last one of the stream. Which records count is not always
 * certain beforehand (some are kept the one time and dropped the other), so each key has some versions that may be the last.
 */
export class NewestChecker {
  readonly #ledger: Ledger;
  readonly #report: (violation: Violation) => void;
  readonly #newest = new Map<string, Version>();
  readonly #rankOf: (id: number) => number;

  /** @param rankOf the version that a record has of its own, which is looked at before its place in the stream */
  constructor(
    ledger: Ledger,
    report: (violation: Violation) => void,
    rankOf: (id: number) => number = () => 0,
  ) {
    this.#rankOf = rankOf;
    this.#ledger = ledger;
    this.#report = report;
  }

  /** The output that a position and a number name, if it is one of this key; tells of it if it is not. */
  versionAt(key: string, position: string, output: number): Version | undefined {
    const entry = this.#ledger.entriesByName.get(position);
    const { payload } = entry ?? {};
    if (
      entry === undefined ||
      payload === undefined ||
      keyText(payload) !== key ||
      output >= payload.outputs
    ) {
      this.#report({ rule: "phantom", what: `${key} holds what nobody put: ${position} ${output}` });
      return undefined;
    }
    return { entry, output };
  }

  /** A version was written over whatever was there. */
  written(key: string, version: Version): void {
    version.entry.archived[version.output] ||= 1;
    const before = this.#newest.get(key);
    if (before === undefined || this.#compare(before, version) < 0) this.#newest.set(key, version);
  }

  /** Whether a record's last output was written, or a later version of its key. */
  readonly hasLanded = (entry: Entry): boolean => {
    const { payload } = entry;
    const newest = payload === undefined ? undefined : this.#newest.get(keyText(payload));
    if (payload === undefined || newest === undefined) return false;
    return this.#compare(newest, { entry, output: payload.outputs - 1 }) >= 0;
  };

  /** The newest version of each key that was ever written. */
  get newest(): ReadonlyMap<string, Version> {
    return this.#newest;
  }

  /** Looks at the last versions; returns how many keys have an older one than they must. */
  checkEnd(lastOf: (key: string) => Version | undefined): number {
    let lost = 0;
    for (const [key, entries] of this.#entriesByKey()) {
      const allowed = new Set<Entry>();
      let must: Entry | undefined;
      for (const entry of entries.toReversed()) {
        const standing = standingOf(entry);
        if (standing === "no") continue;
        allowed.add(entry);
        if (standing === "yes") {
          must = entry;
          break;
        }
      }
      const last = lastOf(key);
      if (last === undefined) {
        if (must === undefined) continue;
        lost += 1;
        this.#report({ rule: "lost", what: `nothing is there of ${key}` });
        continue;
      }
      const isWhole = last.output === (last.entry.payload?.outputs ?? 0) - 1;
      if (allowed.has(last.entry) && isWhole) continue;
      lost += 1;
      this.#report({
        rule: "lost",
        what: `${key} holds ${nameOf(last.entry)} ${last.output}, and not ${must === undefined ? "a later one" : nameOf(must)}`,
      });
    }
    return lost;
  }

  #compare(one: Version, other: Version): number {
    return this.#compareEntries(one.entry, other.entry) || one.output - other.output;
  }

  #compareEntries(one: Entry, other: Entry): number {
    const [first, second] = [one, other].map(({ payload }) => this.#rankOf(payload?.id ?? 0));
    return (first ?? 0) - (second ?? 0) || compareEntries(one, other);
  }

  #entriesByKey(): ReadonlyMap<string, readonly Entry[]> {
    const byKey = new Map<string, Entry[]>();
    for (const { entries } of this.#ledger.shards.values())
      for (const entry of entries) {
        if (entry.payload === undefined) continue;
        const key = keyText(entry.payload);
        const own = byKey.get(key);
        if (own === undefined) byKey.set(key, [entry]);
        else own.push(entry);
      }
    for (const own of byKey.values()) own.sort((one, other) => this.#compareEntries(one, other));
    return byKey;
  }
}

/** Whether a record counts among the versions of its key, where that is certain. */
function standingOf({ payload, isBeforeStart, isTrimmed }: Entry): "yes" | "no" | "perhaps" {
  switch (payload?.kind) {
    case "plain":
    case "many":
      if (isBeforeStart) return "no";
      return isTrimmed ? "perhaps" : "yes";
    case "slow":
    case "flaky-filter":
    case "flaky-poison":
      return isBeforeStart ? "no" : "perhaps";
    default:
      return "no";
  }
}

/** In stream order; sequence numbers of the simulation are small enough for a number. */
export function compareEntries(a: Entry, b: Entry): number {
  return Number(a.sequenceNumber) - Number(b.sequenceNumber) || a.subSequenceNumber - b.subSequenceNumber;
}
