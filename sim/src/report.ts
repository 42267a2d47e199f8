import type { RunResult } from "./run.js";

/** What many runs came to, added up. */
export interface Totals {
  readonly seeds: number;
  readonly events: number;
  readonly records: number;
  readonly objects: number;
  readonly inherited: number;
  readonly strangers: number;
  readonly shardPauses: number;
  readonly resets: number;
  readonly resetRefusals: number;
  readonly placesTaken: number;
  readonly stopDeadlines: number;
  readonly overdue: number;
  readonly endDoubts: number;
  readonly pagesRefused: number;
  readonly crashes: number;
  readonly pauses: number;
  readonly stops: number;
  readonly reshards: number;
  readonly faults: number;
  readonly handoffs: number;
  readonly repeatedByKcl: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly violations: number;
}

/** A run with a violation: what it was, and how it is run again. */
export interface FailedRun {
  readonly index: number;
  readonly first: string;
  readonly replay: string;
}

const NOTHING: Totals = {
  seeds: 0,
  events: 0,
  records: 0,
  objects: 0,
  inherited: 0,
  strangers: 0,
  shardPauses: 0,
  resets: 0,
  resetRefusals: 0,
  placesTaken: 0,
  stopDeadlines: 0,
  overdue: 0,
  endDoubts: 0,
  pagesRefused: 0,
  crashes: 0,
  pauses: 0,
  stops: 0,
  reshards: 0,
  faults: 0,
  handoffs: 0,
  repeatedByKcl: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  violations: 0,
};

/** Adds runs up. */
export class Tally {
  #totals: Totals = NOTHING;
  #traces = 0n;
  readonly failed: FailedRun[] = [];

  get totals(): Totals {
    return this.#totals;
  }

  /** All traces in one hash, in whatever order they came: two versions of Node must agree on it. */
  get traceHash(): string {
    return this.#traces.toString(16).padStart(16, "0");
  }

  add(result: RunResult, index: number, replay: string): void {
    this.merge({ ...result, seeds: 1, violations: result.violations.length }, [], result.traceHash);
    const [first] = result.violations;
    if (first !== undefined) this.failed.push({ index, first: `${first.rule}: ${first.what}`, replay });
  }

  merge(totals: Totals, failed: readonly FailedRun[], traceHash: string): void {
    this.#traces ^= BigInt(`0x${traceHash}`);
    const sum = { ...this.#totals };
    for (const name of Object.keys(NOTHING) as (keyof Totals)[]) sum[name] += totals[name];
    this.#totals = sum;
    this.failed.push(...failed);
  }
}
