import type { Clock } from "@kinesis-connectors/core";

/** What bounds a request: the caller's signal, and the clock that its time is measured with. */
export interface RequestBounds {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Runs one request within its time. It rejects at once when the signal is aborted (with the signal's reason) or the time is over (an
 * error named `TimeoutError`), whatever the client is waiting for: a stalled body, or the pause before its next attempt.
 */
export async function limited<Answer>(
  { requestTimeoutMs }: { readonly requestTimeoutMs: number },
  { signal, clock }: RequestBounds,
  request: (abortSignal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  signal.throwIfAborted();
  const controller = new AbortController();
  let reject: (reason: unknown) => void = () => undefined;
  const stopped = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise;
  });
  const stop = (reason: unknown): void => {
    reject(reason);
    controller.abort(reason);
  };
  const onAbort = (): void => stop(signal.reason);
  const timer = clock.setTimer(requestTimeoutMs, () => {
    const error = new Error(`no answer within ${requestTimeoutMs} ms (requestTimeoutMs)`);
    error.name = "TimeoutError";
    stop(error);
  });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([request(controller.signal), stopped]);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}
