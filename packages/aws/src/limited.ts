import type { Clock } from "@kinesis-connectors/core";
import { atCorrectedClock } from "./aws-error.js";
import { ListedSignal, whenAborted } from "./following-signal.js";

/** Bounds of a request: the caller's signal, and the clock that its time is measured with. */
export interface RequestBounds {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Runs one request within its time. It rejects at once when the signal is aborted (with the signal's reason) or the time is over (an
 * error named `TimeoutError`), whatever the client is waiting for: a stalled body, or the pause before its next attempt. A request that was
 * refused for the machine's clock is made once more, at once and within the same time (`atCorrectedClock`).
 */
export function limited<Answer>(
  { requestTimeoutMs }: { readonly requestTimeoutMs: number },
  bounds: RequestBounds,
  request: (abortSignal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  return within(requestTimeoutMs, bounds, (listed) => request(listed.signal));
}

/** The same for requests that can do without an `AbortSignal`. */
export async function within<Answer>(
  requestTimeoutMs: number,
  { signal, clock }: RequestBounds,
  request: (listed: ListedSignal) => Promise<Answer>,
): Promise<Answer> {
  signal.throwIfAborted();
  const listed = new ListedSignal();
  return new Promise((resolve, reject) => {
    const end = (): void => {
      timer.cancel();
      forget();
    };
    const stop = (reason: unknown): void => {
      end();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the caller's own reason
      reject(reason);
      listed.abort(reason);
    };
    const forget = whenAborted(signal, () => stop(signal.reason));
    const timer = clock.setTimer(requestTimeoutMs, () => {
      const error = new Error(`no answer within ${requestTimeoutMs} ms (requestTimeoutMs)`);
      error.name = "TimeoutError";
      stop(error);
    });
    atCorrectedClock(() => request(listed)).then(
      (answer) => {
        end();
        resolve(answer);
      },
      (error: unknown) => {
        end();
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the client's own error
        reject(error);
      },
    );
  });
}
