import type { S3Answer } from "./call.js";
import { errorDocument, S3Error, statusOfS3Error } from "./errors.js";
import { InjectedError } from "./injected-faults.js";

/** What is told of a failure of a call. */
export function asS3Error(error: unknown): S3Error | InjectedError {
  if (error instanceof S3Error || error instanceof InjectedError) return error;
  // What else can fail is the connection inside the body; the answer then reaches nobody.
  const message = error instanceof Error ? error.message : String(error);
  return new InjectedError(statusOfS3Error("InternalError"), "InternalError", `[local] ${message}`);
}

/** The answer that tells of it, as S3 writes errors. */
export function errorAnswer(error: S3Error | InjectedError, requestId: string): S3Answer {
  return {
    status: error.status,
    headers: { "content-type": "application/xml" },
    body: errorDocument(error.code, error.message, requestId, error.details),
  };
}
