import { carriedError, carryError } from "./carried-error.js";
import type { CarriedEvent, RunEvent } from "./messages.js";

/** Makes an event ready for the way: its error would lose its class in the structured clone, and travels beside it. */
export function carryEvent(event: RunEvent): CarriedEvent {
  if (!("error" in event) || event.error === undefined) return { event };
  const { error, ...rest } = event;
  // It is whole again before anybody looks at it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { event: rest as RunEvent, error: carryError(error) };
}

/** The event as it was. */
export function carriedEvent({ event, error }: CarriedEvent): RunEvent {
  return error === undefined ? event : Object.assign({}, event, { error: carriedError(error) });
}
