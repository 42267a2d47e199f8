import type { Clock } from "../../clock.js";
import { asError, KinesisConnectorError } from "../../errors.js";

/** What a user's functions returned that has not settled yet: waited for no longer than `timeoutMs`, and not past an abort. */
export class TransformsInFlight {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #abortSignal: AbortSignal;
  /** Ends the waiting for each of them. */
  readonly #cancels = new Set<() => void>();

  constructor(timeoutMs: number, clock: Clock, abortSignal: AbortSignal) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#abortSignal = abortSignal;
  }

  /**
   * Waits for one of them.
   * @throws KinesisConnectorError `KC_TRANSFORM_TIMEOUT`; the abort's reason; or what the promise rejects with
   */
  wait(waiting: Promise<void>): Promise<void> {
    const timeoutMs = this.#timeoutMs;
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(timeoutMs, () => {
        settle(() =>
          reject(
            new KinesisConnectorError(
              "KC_TRANSFORM_TIMEOUT",
              `a transformer or filter did not settle within ${timeoutMs} ms (transformTimeoutMs)`,
            ),
          ),
        );
      });
      const abort = (): void => settle(() => reject(asError(this.#abortSignal.reason)));
      const cancel = (): void => settle(() => reject(new Error("nobody waits for it any more")));
      const settle = (finish: () => void): void => {
        timer.cancel();
        this.#abortSignal.removeEventListener("abort", abort);
        this.#cancels.delete(cancel);
        finish();
      };
      this.#cancels.add(cancel);
      if (this.#abortSignal.aborted) abort();
      else this.#abortSignal.addEventListener("abort", abort, { once: true });
      waiting.then(
        () => settle(resolve),
        (error: unknown) => settle(() => reject(asError(error))),
      );
    });
  }

  /** Waits no longer for any of them: what they still bring is of no interest. */
  cancel(): void {
    for (const cancel of this.#cancels) cancel();
  }
}
