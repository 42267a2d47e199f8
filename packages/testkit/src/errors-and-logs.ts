import type { Logger } from "@kinesis-connectors/core";

/**
 * Settles with the error that a promise was rejected with, to look at its code, message and cause.
 *
 * @throws when it is not rejected, or with something that is not an Error
 */
export async function failureFrom(promise: PromiseLike<unknown> | undefined): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error("rejected with something that is not an Error", { cause: error });
  }
  throw new Error("expected a rejection");
}

/**
 * The error that a function threw: `failureFrom` for those that return no promise.
 *
 * @throws when it throws nothing, or something that is not an Error
 */
export function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error("threw something that is not an Error", { cause: error });
  }
  throw new Error("expected an error");
}

/** A logger that keeps its lines: each is the message and the fields as JSON. For tests of what is said, and of what must not be. */
export function keepingLogger(): Logger & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const keep = (fields: object, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { lines, debug: keep, info: keep, warn: keep, error: keep };
}
