import { deflateRawSync, inflateRawSync } from "node:zlib";
import { KinesisConnectorError } from "../../errors.js";

/** What became of one record read: dropped by the filter or without a model, a dead letter, or kept with so many models. */
export type RecordOutcome = "dropped" | "dead-letter" | number;

/**
 * Collects the outcomes of a batch's records, run-length coded: `12k3d1x` is twelve records kept with one model each, three dropped,
 * one dead letter; `2k4;` is two records kept with four models each.
 */
export class OutcomeLog {
  /** The runs that have ended. */
  #coded = "";
  #outcome: RecordOutcome = "dropped";
  #length = 0;

  add(outcome: RecordOutcome): void {
    if (outcome === this.#outcome) {
      this.#length += 1;
      return;
    }
    this.#coded = this.toString();
    this.#outcome = outcome;
    this.#length = 1;
  }

  /** Length of the coded outcomes, in bytes. */
  get bytes(): number {
    return this.#coded.length + runBytes(this.#length, this.#outcome);
  }

  toString(): string {
    return this.#length === 0 ? this.#coded : `${this.#coded}${this.#length}${code(this.#outcome)}`;
  }
}

function runBytes(length: number, outcome: RecordOutcome): number {
  if (length === 0) return 0;
  return digitsOf(length) + (typeof outcome === "number" && outcome !== 1 ? 2 + digitsOf(outcome) : 1);
}

function digitsOf(whole: number): number {
  let digits = 1;
  for (let left = whole; left >= 10; left = Math.floor(left / 10)) digits += 1;
  return digits;
}

/** Coded outcomes longer than this are deflated: those of records dropped at random shrink to a third and less. */
const DEFLATED_ABOVE_BYTES = 4 * 1024;
/** Stands before deflated outcomes; runs begin with a digit. */
const DEFLATED = "z";
/** Limit of deflated outcomes once they are inflated, in bytes: more than any batch has. */
const MAX_CODED_BYTES = 64 * 1024 * 1024;

/** Coded outcomes as they are stored: deflated, in base64 behind a `z`, where they are long. `readOutcomes` reads both. */
export function storedOutcomes(coded: string): string {
  return coded.length <= DEFLATED_ABOVE_BYTES
    ? coded
    : `${DEFLATED}${deflateRawSync(coded).toString("base64")}`;
}

function inflated(stored: string): string {
  try {
    const bytes = Buffer.from(stored.slice(DEFLATED.length), "base64");
    return inflateRawSync(bytes, { maxOutputLength: MAX_CODED_BYTES }).toString("latin1");
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause?: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_REPLAY_DIFFERS",
    "the stored outcomes of the prepared batch cannot be read",
    { cause },
  );
}

const RUN = /(\d+)(?:(d)|(x)|k(?:(\d+);)?)/y;

/**
 * The outcomes of a batch, one per record read.
 * @throws KinesisConnectorError `KC_REPLAY_DIFFERS` when the text was not written by `OutcomeLog` or `storedOutcomes`
 */
export function* readOutcomes(stored: string): Generator<RecordOutcome, void> {
  const coded = stored.startsWith(DEFLATED) ? inflated(stored) : stored;
  const run = new RegExp(RUN);
  let end = 0;
  for (let found = run.exec(coded); found !== null; found = run.exec(coded)) {
    end = run.lastIndex;
    let outcome: RecordOutcome = Number(found[4] ?? 1);
    if (found[2] !== undefined) outcome = "dropped";
    else if (found[3] !== undefined) outcome = "dead-letter";
    for (let left = Number(found[1]); left > 0; left -= 1) yield outcome;
  }
  if (end !== coded.length) throw unreadable();
}

function code(outcome: RecordOutcome): string {
  if (outcome === "dropped") return "d";
  if (outcome === "dead-letter") return "x";
  return outcome === 1 ? "k" : `k${outcome};`;
}
