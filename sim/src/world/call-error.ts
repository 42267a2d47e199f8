import type { CallFailure } from "./network.js";

/** An error as the SDK's clients throw it: by name, with the HTTP status beside it where an answer came. */
export class CallError extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };

  constructor(name: string, httpStatusCode: number | undefined, message = "simulated") {
    super(message);
    this.name = name;
    this.$metadata = httpStatusCode === undefined ? {} : { httpStatusCode };
  }
}

/** The error of a call that failed on the way; `throttledName` is how the service says that it is asked too often. */
// Codes: "Common errors" of the API references of AWS, and the SDK's credential providers, which fail before a request leaves.
export function failureError(
  failure: CallFailure,
  throttledName: string,
  throttledStatus: number,
): CallError {
  switch (failure) {
    case "throttled":
      return new CallError(throttledName, throttledStatus);
    case "reset":
      return new CallError("ECONNRESET", undefined, "socket hang up");
    case "no-credentials":
      return new CallError(
        "CredentialsProviderError",
        undefined,
        "Could not load credentials from any providers",
      );
    case "denied":
      return new CallError("AccessDeniedException", 403, "not authorized to perform the action");
    case "skewed":
      return new CallError("RequestTimeTooSkewed", 403, "the request was signed at another time");
    default:
      failure satisfies "timeout";
      return new CallError("TimeoutError", undefined, "no answer came in time");
  }
}
