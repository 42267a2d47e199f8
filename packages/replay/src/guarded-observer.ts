import { asError, errorFields, isPromise, type Logger } from "@kinesis-connectors/core";
import type { ReplayEvent } from "./sources/replay-events.js";

/** The caller's `observe`, which may break without breaking anything: what it throws, or what a promise of it rejects with, is logged once. */
export function guardedObserver(
  observe: ((event: ReplayEvent) => void) | undefined,
  logger: Logger,
): (event: ReplayEvent) => void {
  if (observe === undefined) return () => undefined;
  let isSaid = false;
  const failed = (thrown: unknown, { type }: ReplayEvent): void => {
    if (isSaid) return;
    isSaid = true;
    logger.error(
      { event: type, ...errorFields(asError(thrown)) },
      "the option observe threw; the replay goes on, and no further failure of it is told: mend the function",
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
