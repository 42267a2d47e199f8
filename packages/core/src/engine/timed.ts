import type { Clock } from "../clock.js";
import { asError, KinesisConnectorError } from "../errors.js";

/**
 * Waits for what a user's function returned, no longer than `timeoutMs` and not past an abort.
 * @throws KinesisConnectorError `KC_TRANSFORM_TIMEOUT`; the abort's reason; or what the promise rejects with
 */
export function withTransformTimeout(
  waiting: Promise<void>,
  timeoutMs: number,
  clock: Clock,
  abortSignal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () => {
      settle(() =>
        reject(
          new KinesisConnectorError(
            "KC_TRANSFORM_TIMEOUT",
            `a transformer or filter did not settle within ${timeoutMs} ms (transformTimeoutMs)`,
          ),
        ),
      );
    });
    const abort = (): void => settle(() => reject(asError(abortSignal.reason)));
    const settle = (finish: () => void): void => {
      timer.cancel();
      abortSignal.removeEventListener("abort", abort);
      finish();
    };
    if (abortSignal.aborted) abort();
    else abortSignal.addEventListener("abort", abort, { once: true });
    waiting.then(
      () => settle(resolve),
      (error: unknown) => settle(() => reject(asError(error))),
    );
  });
}
