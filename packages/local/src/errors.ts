/** Codes of the errors this package throws at its caller (never over the wire). */
export type LocalAwsErrorCode =
  /**
   * Somebody listens on the port that a local server was given.
   * Cure: name another port, or 0 for a free one.
   */
  | "KC_LOCAL_PORT_TAKEN"
  /**
   * An option or a rule of faults has a value that cannot work.
   * Cure: give what the message says: it names the option, and what that takes.
   */
  | "KC_LOCAL_BAD_OPTION"
  /**
   * A local server was used after it had been closed.
   * Cure: close it behind the last call.
   */
  | "KC_LOCAL_CLOSED";

const marker: symbol = Symbol.for("@kinesis-connectors/local/error");

/** A mistake in how the local servers were started or used: says what is wrong and what to do about it. */
export class LocalAwsError extends Error {
  override readonly name = "LocalAwsError";
  readonly code: LocalAwsErrorCode;

  constructor(code: LocalAwsErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, marker, { value: true });
  }

  /** True for this error even when two versions of the package are loaded. */
  static isInstance(error: unknown): error is LocalAwsError {
    return error instanceof Error && marker in error;
  }
}
