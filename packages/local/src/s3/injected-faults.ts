import type { Random } from "../clock.js";
import { findFault, type FiredFault } from "../faults.js";
import type { S3Answer, S3Call } from "./call.js";
import { errorDocument, messageOfS3Error } from "./errors.js";

/** An error that a fault rule asked for, with whatever code and status it names. */
export class InjectedError extends Error {
  override readonly name = "InjectedError";
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, string>> = {};

  constructor(status: number, code: string, message: string = messageOfS3Error(code)) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Throws the error that a rule asks for in this phase. */
export function raiseFault(faults: readonly FiredFault[], phase: "before" | "after"): void {
  const error = findFault(faults, "error", phase);
  if (error !== undefined) throw new InjectedError(error.status, error.code, error.message);
}

/** The answer 200 with an error document inside that a rule asks for in this phase. */
export function successWithError(
  faults: readonly FiredFault[],
  phase: "before" | "after",
  requestId: string,
): S3Answer | undefined {
  const effect = findFault(faults, "success-with-error", phase);
  if (effect === undefined) return undefined;
  const body = errorDocument(effect.code, effect.message ?? messageOfS3Error(effect.code), requestId);
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}

/** Which entries of a request for several keys fail. */
export function partialFailures(faults: readonly FiredFault[], random: Random): S3Call["failureOf"] {
  const effect = findFault(faults, "partial-failure");
  if (effect === undefined) return () => undefined;
  const { indexes, share = 1, code = "InternalError" } = effect;
  return (index) => {
    const fails = indexes === undefined ? random.next() < share : indexes.includes(index);
    return fails ? code : undefined;
  };
}
