// A longer chain, or one that runs in a circle, is cut there.
const MAX_CAUSES = 10;

/**
 * What an error of ours may keep of what caused it. An AWS SDK hangs the whole answer on its errors (`$response`), out of sight of JSON and of most
 * loggers, and from there one comes to the request: its signature, the session's token and what was in its body. So its errors are kept as a copy of
 * name, code, text, stack, status and request id, wherever they stand in the chain of causes. Any other value is kept as it is.
 */
export function keptCause(cause: unknown, depth: number = MAX_CAUSES): unknown {
  if (!(cause instanceof Error)) return cause;
  if (depth === 0) return undefined;
  const inner = keptCause(cause.cause, depth - 1);
  const parts = cause instanceof AggregateError ? (cause.errors as readonly unknown[]) : [];
  const isKept = parts.every((part) => keptCause(part, depth - 1) === part) && inner === cause.cause;
  return isKept && !isOfSdk(cause) ? cause : copyOf(cause, inner);
}

/** Every exception that an SDK client makes of an answer has these, whatever its version and copy. */
function isOfSdk(error: Error): boolean {
  return "$fault" in error || "$response" in error || "$responseBodyText" in error;
}

function copyOf(error: Error, cause: unknown): Error {
  const copy = new Error(error.message, cause === undefined ? undefined : { cause });
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = error.stack;
  if ("code" in error && typeof error.code === "string") Object.assign(copy, { code: error.code });
  if ("$metadata" in error && typeof error.$metadata === "object" && error.$metadata !== null) {
    const { httpStatusCode, requestId }: { httpStatusCode?: unknown; requestId?: unknown } = error.$metadata;
    Object.defineProperty(copy, "$metadata", { value: { httpStatusCode, requestId } });
  }
  return copy;
}
