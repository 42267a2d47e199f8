const wireFormatCode = "KC_WIRE_FORMAT";

/**
 * An answer of the service that cannot be read: cut off, damaged, or not in the form its content type names. Nothing of it was taken;
 * ask again. The message names what was wrong and no payload.
 * Cure: none for once; where it repeats, look at what is between here and AWS.
 */
export class WireFormatError extends Error {
  override readonly name: string = "WireFormatError";
  readonly code: string = wireFormatCode;
  /** True where the server writes the form otherwise than Kinesis does: asking again in the same form does not help. */
  readonly isForeign: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isForeign?: boolean } = {}) {
    super(message, options);
    this.isForeign = options.isForeign === true;
  }

  /** Whether `error` is of this kind, also when it comes from a second installed copy of the package. */
  static isInstance(error: unknown): error is WireFormatError {
    return error instanceof Error && "code" in error && error.code === wireFormatCode;
  }
}
