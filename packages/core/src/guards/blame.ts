import { asError, type ErrorCode, KinesisConnectorError } from "../errors.js";
import { isJson } from "./json-value.js";
import { isPromise } from "../maybe-promise.js";
import { isProgrammingError, locationOf } from "./programming-error.js";
import { shown } from "../options.js";

// What an emitter may stop the shard with. Other codes of ours say things of leases and readers that no emitter decides.
const FINAL: ReadonlySet<ErrorCode> = new Set([
  "KC_EMIT_REFUSED",
  "KC_PLACE_TAKEN",
  "KC_REPLAY_DIFFERS",
  "KC_RECORD_POISON",
  "KC_OPTION_INVALID",
  "KC_EMITTER_BROKEN",
]);

/** Calls one function of an emitter, and names it in the errors. */
export class Blame {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  broken(what: string, cause?: unknown): KinesisConnectorError {
    return new KinesisConnectorError(
      "KC_EMITTER_BROKEN",
      `${this.#name} ${what}. Nothing is committed behind it: mend the emitter and start again`,
      cause === undefined ? undefined : { cause },
    );
  }

  /** A mistake in code is named; what may pass by itself is thrown as it is. */
  async settled<Value>(call: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    try {
      return await call();
    } catch (thrown) {
      if (signal?.aborted !== true && isProgrammingError(thrown))
        throw this.broken(mistake(asError(thrown)), thrown);
      throw thrown;
    }
  }

  /** Of functions that are pure: there is nothing to wait for, so whatever they throw is a mistake. */
  pure<Value>(call: () => Value): Value {
    let value: Value;
    try {
      value = call();
    } catch (thrown) {
      if (KinesisConnectorError.isInstance(thrown) && FINAL.has(thrown.code)) throw thrown;
      throw this.broken(mistake(asError(thrown)), thrown);
    }
    if (!isPromise(value)) return value;
    // Nobody waits for it: what it rejects with is said here already.
    Promise.resolve(value).catch(() => undefined);
    throw this.broken("returned a promise; it must return its value, because it may wait for nothing");
  }

  json<Value>(call: () => Value): Value {
    const value = this.pure(call);
    // What it holds may be a getter of the emitter's.
    if (this.pure(() => isJson(value))) return value;
    throw this.broken(`returned ${shown(value)}, which JSON does not bring back as it was; ${PLAN_IS_JSON}`);
  }

  count(call: () => number): number {
    const count = this.pure(call);
    if (Number.isSafeInteger(count) && count >= 0) return count;
    throw this.broken(`returned ${shown(count)}; it must return how many objects the plan names`);
  }
}

/** The text about a plan that JSON changes. */
export const PLAN_IS_JSON =
  "a plan is stored in the lease row, so it must be made of texts, finite numbers, booleans, null, arrays and plain objects";

/** The text about a part of the pipeline that threw: what was thrown, and where. */
export function mistake(error: Error): string {
  const location = locationOf(error);
  const thrown = KinesisConnectorError.isInstance(error) ? error.code : error.name;
  return `threw ${thrown}${location === undefined ? "" : ` (${location})`}, a mistake that no waiting mends; see the cause`;
}

/** The error of a size that is none: whatever adds it up would be wrong from then on. */
export function sizeBroken(size: unknown): KinesisConnectorError {
  return new Blame("emitter.sizeOf, or the write of what emitter.createWriter returned,").broken(
    `gave ${shown(size)} as the size of an output; it must be a number of bytes, 0 or more`,
  );
}

/** The error of a partition without a name. */
export function partitionBroken(name: unknown): KinesisConnectorError {
  return new Blame("emitter.batching.partitionOf").broken(
    `returned ${shown(name)}; it must return the name of a partition`,
  );
}

/** The error of outputs that were encoded and not handed over, or too many. */
export function encodedBroken(kept: number, count: unknown): KinesisConnectorError {
  return new Blame("emitter.createWriter").broken(
    `ended a batch for which ${kept} outputs were kept with a count of ${typeof count === "number" ? count : shown(count)}; each output kept must be in the batch, once`,
  );
}

/** Whether a part of the pipeline broke its promise: that is no fault of the record at hand. */
export function isBroken(error: unknown): boolean {
  return (
    KinesisConnectorError.isInstance(error) &&
    (error.code === "KC_EMITTER_BROKEN" || error.code === "KC_BUFFER_BROKEN")
  );
}
