import { setMaxListeners } from "node:events";

/** A signal that many requests may listen to, and the end of it. */
export interface FollowingSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Who waits for the signals that are made in this package. */
const waitingFor = new WeakMap<AbortSignal, Set<() => void>>();

/** A signal whose waiters may stand in a plain list. */
export class ListedSignal {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.signal = this.#controller.signal;
    waitingFor.set(this.signal, this.#waiting);
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
    for (const told of this.#waiting) told();
  }
}

/**
 * Makes a signal that is aborted with `given`, with the same reason. One listener on the caller's signal stands for all of a batch's requests;
 * Node warns of a leak from eleven on. (AbortSignal.any keeps what it made alive as long as its source: nodejs/node#54614.)
 */
export function following(given: AbortSignal): FollowingSignal {
  const listed = new ListedSignal();
  setMaxListeners(0, listed.signal);
  const onAbort = (): void => listed.abort(given.reason);
  if (given.aborted) onAbort();
  else given.addEventListener("abort", onAbort, { once: true });
  return {
    signal: listed.signal,
    [Symbol.dispose]: () => given.removeEventListener("abort", onAbort),
  };
}

/**
 * Calls back when a signal is aborted, which it must not be yet. Signals made in this package keep a plain list: for the short life of a
 * request a listener costs several times as much.
 *
 * @returns what ends it
 */
export function whenAborted(signal: AbortSignal, callback: () => void): () => void {
  const waiting = waitingFor.get(signal);
  if (waiting === undefined) {
    signal.addEventListener("abort", callback, { once: true });
    return () => signal.removeEventListener("abort", callback);
  }
  waiting.add(callback);
  return () => waiting.delete(callback);
}
