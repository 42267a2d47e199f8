import { KinesisConnectorError } from "../errors.js";
import { hasMembers } from "../options.js";
import { isError, locationOf, isProgrammingError } from "../guards/programming-error.js";

/** Fields of a log line about an error. */
export interface ErrorFields {
  /** The code of ours or of the system (`ECONNREFUSED`), or the error's name. */
  readonly error: string;
  /** The message, of our own errors, of AWS and of the system: texts of others may quote the data. */
  readonly reason?: string;
  /** AWS's own number of the request, which its support asks for. */
  readonly requestId?: string;
  /** The HTTP status that came with it. */
  readonly status?: number;
  /** Codes and reasons of its causes, innermost last. */
  readonly cause?: string;
}

const MAX_REASON = 500;
const MAX_CAUSES = 5;

/**
 * The fields of a log line about an error, to be spread into it: code, message where it is known to quote no data, request id, and the chain of its
 * causes. Never a payload: of somebody else's error that is its name and code.
 */
export function errorFields(error: Error): ErrorFields {
  const reason = reasonOf(error);
  let metadata = metadataOf(error);
  const causes: string[] = [];
  for (let cause = error.cause; isError(cause) && causes.length < MAX_CAUSES; cause = cause.cause) {
    causes.push(saidOf(cause));
    metadata ??= metadataOf(cause);
  }
  const { requestId, httpStatusCode } = metadata ?? {};
  return {
    error: nameOf(error),
    ...(reason === undefined ? {} : { reason }),
    ...(typeof requestId === "string" ? { requestId } : {}),
    ...(typeof httpStatusCode === "number" ? { status: httpStatusCode } : {}),
    ...(causes.length === 0 ? {} : { cause: causes.join(" <- ") }),
  };
}

/** The same of one error as a text, for messages: its code, and its own words where they are known to quote no data. */
export function saidOf(error: Error): string {
  const reason = reasonOf(error) ?? (isProgrammingError(error) ? locationOf(error) : undefined);
  return reason === undefined ? nameOf(error) : `${nameOf(error)}: ${reason}`;
}

function nameOf(error: Error): string {
  return "code" in error && typeof error.code === "string" && error.code !== "" ? error.code : error.name;
}

function reasonOf(error: Error): string | undefined {
  const isKnown =
    KinesisConnectorError.isInstance(error) ||
    metadataOf(error) !== undefined ||
    "syscall" in error ||
    // What the SDK says of its own search for credentials: names of files, profiles and variables.
    error.name === "CredentialsProviderError";
  return isKnown && error.message !== "" ? error.message.slice(0, MAX_REASON) : undefined;
}

/** Every error of an AWS SDK client that comes from the service has this beside it. */
function metadataOf(error: Error): Readonly<Record<string, unknown>> | undefined {
  if (isProgrammingError(error)) return undefined;
  return "$metadata" in error && hasMembers(error.$metadata) ? error.$metadata : undefined;
}
