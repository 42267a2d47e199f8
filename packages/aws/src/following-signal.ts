import { setMaxListeners } from "node:events";

/** A signal that many requests may listen to, and the end of it. */
export interface FollowingSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Who waits for the signals that are made in this package. */
const listedBy = new WeakMap<AbortSignal, ListedSignal>();

/**
 * A signal whose waiters stand in a plain list. For the short life of a request an `AbortSignal` and its listeners cost more than the
 * writing of a small body, so there is one only for those who ask for it.
 */
export class ListedSignal {
  readonly #waiting = new Set<() => void>();
  #controller: AbortController | undefined;
  #isAborted = false;
  #reason: unknown;

  /** Whether it is over. */
  get aborted(): boolean {
    return this.#isAborted;
  }

  /** What it was aborted with. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The same for those who need one of Node's. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      listedBy.set(this.#controller.signal, this);
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Tells everybody who waits, once. */
  abort(reason: unknown): void {
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (const told of this.#waiting) told();
  }

  /** Calls back when it is aborted. Returns what ends that. */
  whenAborted(callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }
}

/**
 * Makes a signal that is aborted with `given`, with the same reason. One listener on the caller's signal stands for all of a batch's requests;
 * Node warns of a leak from eleven on. (AbortSignal.any keeps what it made alive as long as its source: nodejs/node#54614.)
 */
export function following(given: AbortSignal): FollowingSignal {
  const listed = new ListedSignal();
  const { signal } = listed;
  setMaxListeners(0, signal);
  const onAbort = (): void => listed.abort(given.reason);
  if (given.aborted) onAbort();
  else given.addEventListener("abort", onAbort, { once: true });
  return {
    signal,
    [Symbol.dispose]: () => given.removeEventListener("abort", onAbort),
  };
}

/** Calls back when a signal is aborted, which it must not be yet: by its list, if it has one. Returns what ends that. */
export function whenAborted(signal: AbortSignal | ListedSignal, callback: () => void): () => void {
  const listed = signal instanceof ListedSignal ? signal : listedBy.get(signal);
  if (listed !== undefined) return listed.whenAborted(callback);
  const node = signal as AbortSignal;
  node.addEventListener("abort", callback, { once: true });
  return () => node.removeEventListener("abort", callback);
}
