import type { HttpBindings } from "@hono/node-server";
import type { ConsoleAccess } from "@kinesis-connectors/console";
import { type ErrorCode, KinesisConnectorError } from "@kinesis-connectors/core";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { toldError } from "../watching/told-event.js";

/** What each request has: Node's own request and answer, and what its token allows. */
export interface AdminEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: { access?: ConsoleAccess };
}

/**
 * Headers of every answer: nothing is kept by a cache, taken for another type, put into a frame, or loaded from elsewhere (a console's page loads
 * its own files alone, and runs nothing that stands in the page).
 */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** What is said where a path leads to nothing. */
export const NOTHING_HERE = "there is nothing here: /api/v1/status and /readyz are good places to begin";

/** A request that is answered with an error: thrown from wherever that is found out. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  readonly status: ContentfulStatusCode;
  readonly code: string;

  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What errors of ours are here; of all others the lease table or the stream is the place. */
const STATUS: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  KC_OPTION_INVALID: 400,
  KC_STEERING_REFUSED: 409,
};

/** What is not served because of an option that was left out. */
export function notConfigured(status: 404 | 501, option: string): RequestRefused {
  return new RequestRefused(
    status,
    "not-configured",
    `this needs an option that startAdmin was not given: ${option}`,
  );
}

/** The answer to a request that is not served: a code for programs, a sentence for people. */
export function refused(
  context: Context<AdminEnv>,
  status: ContentfulStatusCode,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return context.json({ error: { code, message } }, status, headers);
}

/** The answer where a handler threw. Of an error that is not ours there is its name alone: its text may quote anything. */
export function failureAnswer(error: Error, context: Context<AdminEnv>): Response {
  if (error instanceof RequestRefused) return refused(context, error.status, error.code, error.message);
  if (KinesisConnectorError.isInstance(error)) {
    return refused(context, STATUS[error.code] ?? 502, error.code, error.message);
  }
  const { code, status, requestId } = toldError(error);
  const isOfService = status !== undefined || requestId !== undefined || "syscall" in error;
  if (isOfService)
    return refused(context, 502, code, "AWS did not do what this request needs; it may be tried again");
  return refused(context, 500, "failed", `the request failed with ${code}`);
}
