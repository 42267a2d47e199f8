const inputErrorCode = "KC_AGGREGATE_INPUT";

/**
 * A producer's record, or an aggregator's option, that the service or the format cannot hold. Nothing was added.
 * Cure: correct what the message names and add it again.
 */
export class AggregateInputError extends Error {
  override readonly name: string = "AggregateInputError";
  readonly code: string = inputErrorCode;

  /** Whether `error` is of this kind, also when it comes from a second installed copy of the package. */
  static isInstance(error: unknown): error is AggregateInputError {
    return error instanceof Error && "code" in error && error.code === inputErrorCode;
  }
}
