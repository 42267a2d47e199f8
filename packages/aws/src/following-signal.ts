import { setMaxListeners } from "node:events";

/** A signal that many requests may listen to, and the end of it. */
export interface FollowingSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Makes a signal that is aborted with `given`, with the same reason. One listener on the caller's signal stands for all of a batch's requests;
 * Node warns of a leak from eleven on. (AbortSignal.any keeps what it made alive as long as its source: nodejs/node#54614.)
 */
export function following(given: AbortSignal): FollowingSignal {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const onAbort = (): void => controller.abort(given.reason);
  if (given.aborted) onAbort();
  else given.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => given.removeEventListener("abort", onAbort),
  };
}
