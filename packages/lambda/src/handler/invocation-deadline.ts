import { type Clock, KinesisConnectorError, type Timer } from "@kinesis-connectors/core";

import type { InvocationContext } from "../event.js";
import { MARGIN_MS } from "../limits.js";

/** The end of an invocation's time, a second before Lambda's own: what is under way is aborted then, and has that second to settle. */
export class InvocationDeadline {
  readonly #context: InvocationContext;
  readonly #over = new AbortController();
  readonly #timer: Timer | undefined;

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

  #leftMs(): number {
    return this.#context.getRemainingTimeInMillis() - MARGIN_MS;
  }

  #end(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(
      new KinesisConnectorError(
        "KC_STOP_DEADLINE",
        `less than ${MARGIN_MS} ms were left of the invocation: what was under way is left for the next one, which finishes it. Where this happens again ` +
          "and again, raise the function's timeout, or lower BatchSize and the thresholds of the pipeline's buffer",
      ),
    );
  }
}
