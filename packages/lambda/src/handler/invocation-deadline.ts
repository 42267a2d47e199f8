import { type Clock, invalidOption, KinesisConnectorError, type Timer } from "@kinesis-connectors/core";

import type { InvocationContext } from "../event.js";
import { MARGIN_MS } from "../limits.js";

/** The end of an invocation's time, a second before Lambda's own: what is under way is aborted then, and has that second to settle. */
export class InvocationDeadline {
  readonly #context: InvocationContext;
  readonly #over = new AbortController();
  readonly #timer: Timer | undefined;

  /** @throws KinesisConnectorError `KC_OPTION_INVALID` for a context that does not know the time */
  constructor(context: InvocationContext, clock: Clock) {
    this.#context = context;
    const leftMs = this.#leftMs();
    if (leftMs <= 0) this.#end();
    else this.#timer = clock.setTimer(leftMs, () => this.#end());
  }

  /** Aborted at the end of the time; its reason is a `KinesisConnectorError` with the cure. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /**
   * Looks at the time itself: in a sandbox that was frozen and is thawed no timer has fired yet.
   * @throws KinesisConnectorError `KC_STOP_DEADLINE`
   */
  check(): void {
    if (this.#leftMs() <= 0) this.#end();
    this.#over.signal.throwIfAborted();
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  /**
   * Waits for what writes nothing to a destination, and no longer than the time lasts: a service that does not answer would otherwise keep the invocation
   * until Lambda ends it, without a word about what it waited for.
   * @throws KinesisConnectorError `KC_STOP_DEADLINE`, naming `what`; and what the promise rejects with
   */
  async limit<Value>(what: string, promise: Promise<Value>): Promise<Value> {
    const { signal } = this.#over;
    let over: (() => void) | undefined;
    const timeOver = new Promise<never>((_resolve, reject) => {
      over = () => reject(outOfTime(`${what} had not come to its end; `));
      if (signal.aborted) over();
      else signal.addEventListener("abort", over, { once: true });
    });
    try {
      return await Promise.race([promise, timeOver]);
    } finally {
      if (over !== undefined) signal.removeEventListener("abort", over);
    }
  }

  #leftMs(): number {
    const leftMs = this.#context.getRemainingTimeInMillis();
    if (Number.isFinite(leftMs)) return leftMs - MARGIN_MS;
    throw invalidOption(
      `getRemainingTimeInMillis of the context gives ${leftMs}, and an invocation has to know its end: hand the handler the context that Lambda gives`,
    );
  }

  #end(): void {
    if (!this.#over.signal.aborted) this.#over.abort(outOfTime(""));
  }
}

function outOfTime(what: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_STOP_DEADLINE",
    `less than ${MARGIN_MS} ms were left of the invocation: ${what}what was under way is left for the next one, which finishes it. Where this happens again ` +
      "and again, raise the function's timeout, or lower BatchSize and the thresholds of the pipeline's buffer",
  );
}
