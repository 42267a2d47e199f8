import { asError, type ErrorCode, KinesisConnectorError } from "@kinesis-connectors/core";

import { KinesisCallError, type KinesisErrorKind } from "../../kinesis/kinesis-api.js";

/**
 * An error as values, for the way between threads: the structured clone would leave out the name, the code and whose error it is.
 * Whoever gets it has an error of the same class, code, text and chain of causes.
 */
export type CarriedError = {
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: CarriedError | undefined;
  /** Of errors of AWS: what logs say of the request. */
  readonly metadata?: { readonly requestId?: string; readonly httpStatusCode?: number };
} & (
  | { readonly type: "ours"; readonly code: ErrorCode }
  | { readonly type: "call"; readonly operation: string; readonly kind: KinesisErrorKind }
  /** Of anybody else: the name, and the code where it is a text (Node's `ECONNRESET`). */
  | { readonly type: "other"; readonly name: string; readonly code: string | undefined }
);

// A chain that runs in a circle has to end somewhere.
const MAX_CAUSES = 5;

/** Takes an error apart. What was thrown and is no error becomes one first. */
export function carryError(thrown: unknown, causes: number = MAX_CAUSES): CarriedError {
  const metadata = metadataOf(thrown);
  const carried = taken(thrown, causes);
  return metadata === undefined ? carried : { ...carried, metadata };
}

function taken(thrown: unknown, causes: number): CarriedError {
  const error = asError(thrown);
  const { message, stack } = error;
  const cause = error.cause instanceof Error && causes > 0 ? carryError(error.cause, causes - 1) : undefined;
  if (KinesisConnectorError.isInstance(error))
    return { type: "ours", message, stack, cause, code: error.code };
  if (error instanceof KinesisCallError)
    return { type: "call", message, stack, cause, operation: error.operation, kind: error.kind };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return { type: "other", message, stack, cause, name: error.name, code };
}

/** Puts an error together again. */
export function carriedError(carried: CarriedError): Error {
  const error = rebuilt(carried);
  // Where it happened, and not where it arrived.
  if (carried.stack !== undefined) error.stack = carried.stack;
  if (carried.metadata !== undefined) Object.defineProperty(error, "$metadata", { value: carried.metadata });
  return error;
}

function metadataOf(thrown: unknown): CarriedError["metadata"] {
  if (!(thrown instanceof Error) || !("$metadata" in thrown)) return undefined;
  const { $metadata } = thrown;
  if (typeof $metadata !== "object" || $metadata === null) return undefined;
  const { requestId, httpStatusCode }: { requestId?: unknown; httpStatusCode?: unknown } = $metadata;
  return {
    ...(typeof requestId === "string" ? { requestId } : {}),
    ...(typeof httpStatusCode === "number" ? { httpStatusCode } : {}),
  };
}

function rebuilt(carried: CarriedError): Error {
  const { message } = carried;
  const options = carried.cause === undefined ? {} : { cause: carriedError(carried.cause) };
  switch (carried.type) {
    case "ours":
      return new KinesisConnectorError(carried.code, message, options);
    case "call":
      return new KinesisCallError(carried.operation, carried.kind, message, options);
    default: {
      const error = new Error(message, options);
      error.name = carried.name;
      return carried.code === undefined ? error : Object.assign(error, { code: carried.code });
    }
  }
}
