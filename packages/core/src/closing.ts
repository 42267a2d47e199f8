import { type Clock, sleep } from "./clock.js";
import { asError, KinesisConnectorError } from "./errors.js";

/** What closing still has where all of its time is gone, in milliseconds: enough to let go of connections, and within what deployments give a stop beside its deadline. */
const LEAST_CLOSE_MS = 5_000;

interface Step {
  /** Undefined: ours, and it ends by itself. */
  readonly what: string | undefined;
  readonly run: (limitMs: number) => unknown;
}

/**
 * Resources that have been opened, to be closed once, in the opposite order. What others wrote (emitters, lease tables) may hang in its `close`: it is not waited for
 * longer than the limit, so that a program that is told to stop does.
 */
export class Closing {
  readonly #clock: Clock;
  #steps: Step[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a step that ends by itself; it is told the limit, for what it closes itself. */
  add(run: (limitMs: number) => unknown): void {
    this.#steps.push({ what: undefined, run });
  }

  /** Adds a step that others wrote, with what is closed, for the error: `the pipeline's emitter`. */
  addForeign(what: string, run: () => unknown): void {
    this.#steps.push({ what, run });
  }

  /**
   * Closes everything, also after a step failed or hung; a second call finds nothing left. Never rejects.
   * @param limitMs for all steps of others together; those whose turn comes later are called, and not waited for
   * @returns the first failure: `KC_STOP_DEADLINE` of what did not close in time
   */
  async close(limitMs: number): Promise<Error | undefined> {
    const endMs = this.#clock.monotonicNow() + limitMs;
    const steps = this.#steps.reverse();
    this.#steps = [];
    let failure: Error | undefined;
    for (const { what, run } of steps) {
      try {
        if (what === undefined) {
          await run(limitMs);
          continue;
        }
        const leftMs = Math.max(0, endMs - this.#clock.monotonicNow());
        await this.#within(leftMs, Promise.resolve(run(limitMs)), { what, limitMs });
      } catch (thrown) {
        failure ??= asError(thrown);
      }
    }
    return failure;
  }

  async #within(
    leftMs: number,
    closing: Promise<unknown>,
    { what, limitMs }: { readonly what: string; readonly limitMs: number },
  ): Promise<void> {
    if (leftMs === Number.POSITIVE_INFINITY) {
      await closing;
      return;
    }
    const closed = new AbortController();
    try {
      const isClosed = await Promise.race([
        closing.then(() => true),
        sleep(this.#clock, leftMs, closed.signal).then(() => false),
      ]);
      if (isClosed) return;
    } finally {
      closed.abort();
    }
    // Whatever becomes of it later is of no interest any more.
    closing.catch(() => undefined);
    throw new KinesisConnectorError(
      "KC_STOP_DEADLINE",
      `${what} did not close within ${limitMs} ms and was left as it is: what was delivered before is committed; look at what its close waits for`,
    );
  }
}

/**
 * The limit of closing behind a stop: what is left of the stop's own, and some seconds in any case.
 * @param stopSinceMs when the stop began, on the monotonic clock; undefined where nobody asked for one
 */
export function closeLimitMs(clock: Clock, stopDeadlineMs: number, stopSinceMs: number | undefined): number {
  const usedMs = stopSinceMs === undefined ? 0 : clock.monotonicNow() - stopSinceMs;
  return Math.max(Math.min(LEAST_CLOSE_MS, stopDeadlineMs), Math.ceil(stopDeadlineMs - usedMs));
}
