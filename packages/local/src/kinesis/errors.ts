/** An error answer of Kinesis: code, HTTP status and message go over the wire. */
export class KinesisError extends Error {
  override readonly name = "KinesisError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

// Codes: error lists of the operations in the Kinesis Data Streams API reference.
export const invalidArgument = (message: string): KinesisError =>
  new KinesisError("InvalidArgumentException", message);
export const validation = (message: string): KinesisError => new KinesisError("ValidationException", message);
export const notFound = (message: string): KinesisError =>
  new KinesisError("ResourceNotFoundException", message);
export const inUse = (message: string): KinesisError => new KinesisError("ResourceInUseException", message);
export const limitExceeded = (message: string): KinesisError =>
  new KinesisError("LimitExceededException", message);
export const throughputExceeded = (message: string): KinesisError =>
  new KinesisError("ProvisionedThroughputExceededException", message);
/** The request's body cannot be read as the operation's input. */
export const unreadable = (message: string): KinesisError =>
  new KinesisError("SerializationException", message);
