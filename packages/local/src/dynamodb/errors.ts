/** Where DynamoDB's own errors live in `__type`; clients look at what follows the `#`. */
const SERVICE = "com.amazonaws.dynamodb.v20120810#";
const VALIDATION = "com.amazon.coral.validate#";

/** An answer that is an error, with its code as the API spells it. */
export class DynamoDbError extends Error {
  override readonly name = "DynamoDbError";
  readonly code: string;
  readonly status: number;
  /** More fields of the answer: `Item`, `CancellationReasons`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    options: { readonly status?: number; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message);
    this.code = code;
    this.status = options.status ?? 400;
    this.details = options.details ?? {};
  }

  /** The JSON body of the answer. */
  toBody(): Readonly<Record<string, unknown>> {
    const prefix = this.code === "ValidationException" ? VALIDATION : SERVICE;
    // Serialization errors and some others spell it "Message"; every client reads both.
    return { __type: `${prefix}${this.code}`, message: this.message, ...this.details };
  }
}

/** What DynamoDB says about a request that makes no sense. */
export function validationError(message: string): DynamoDbError {
  return new DynamoDbError("ValidationException", message);
}
