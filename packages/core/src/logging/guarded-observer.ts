import type { Logger } from "../logger.js";
import { isPromise } from "../maybe-promise.js";
import { asError } from "../errors.js";
import { errorFields } from "./error-fields.js";

/**
 * The caller's `observe`, which may break without breaking anything: what it throws, or what a promise of it rejects with, is logged once, and it is called
 * on for the events that follow. For drivers of a shard.
 */
export function guardedObserver<Event extends { readonly type: string }>(
  observe: ((event: Event) => void) | undefined,
  logger: () => Logger,
): (event: Event) => void {
  if (observe === undefined) return () => undefined;
  let isSaid = false;
  const failed = (thrown: unknown, { type }: Event): void => {
    if (isSaid) return;
    isSaid = true;
    logger().error(
      { event: type, ...errorFields(asError(thrown)) },
      "the option observe threw; delivery goes on, and no further failure of it is told: mend the function",
    );
  };
  return (event) => {
    try {
      const returned: unknown = observe(event);
      if (isPromise(returned)) Promise.resolve(returned).catch((thrown: unknown) => failed(thrown, event));
    } catch (thrown) {
      failed(thrown, event);
    }
  };
}
