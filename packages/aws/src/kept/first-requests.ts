import type { Clock } from "@kinesis-connectors/core";
import { type ListedSignal, whenAborted } from "../following-signal.js";

/**
 * The longest time that a request waits for the first of its operation, in milliseconds. A service that is well answers within it, TLS handshake
 * included; and where it does not, nobody is later by more than half the pause between two polls of an idle shard.
 */
const MAX_WAIT_MS = 500;

/**
 * Lets the first request of an operation go ahead of those that are made while it is under way: each of them would pass all steps of the client for what
 * the first one shows, and the memory of as many of them at once is what a process of many shards would hold from then on.
 *
 * It is let ahead once. Whether it is answered, fails or takes too long, the others go on as they can, and nobody waits again.
 */
export class FirstRequests {
  readonly #clock: Pick<Clock, "setTimer">;
  /** What lets those go on who wait for an operation's first request; undefined once it is over. */
  readonly #waiting = new Map<unknown, Set<() => void> | undefined>();

  constructor(clock: Pick<Clock, "setTimer">) {
    this.#clock = clock;
  }

  /** Resolves when the first request is over, `MAX_WAIT_MS` after it began, or when `signal` is aborted. Undefined: there is nothing to wait for. */
  wait(operation: unknown, signal: AbortSignal | ListedSignal | undefined): Promise<void> | undefined {
    const waiting = this.#waiting.get(operation);
    if (waiting === undefined || signal?.aborted === true) return undefined;
    return new Promise((resolve) => {
      const goOn = (): void => {
        waiting.delete(goOn);
        forget?.();
        resolve();
      };
      const forget = signal === undefined ? undefined : whenAborted(signal, goOn);
      waiting.add(goOn);
    });
  }

  /** Sends a request, as the first of its operation where none was before it. */
  async run<Output>(operation: unknown, send: () => Promise<Output>): Promise<Output> {
    if (this.#waiting.has(operation)) return await send();
    const waiting = new Set<() => void>();
    this.#waiting.set(operation, waiting);
    const letGoOn = (): void => {
      if (this.#waiting.get(operation) === waiting) this.#waiting.set(operation, undefined);
      for (const goOn of waiting) goOn();
    };
    const timer = this.#clock.setTimer(MAX_WAIT_MS, letGoOn);
    try {
      return await send();
    } finally {
      timer.cancel();
      letGoOn();
    }
  }

  /** What the first request showed served, and holds no more: the next one is a first one again. */
  beginAgain(operation: unknown): void {
    if (this.#waiting.get(operation) === undefined) this.#waiting.delete(operation);
  }
}
