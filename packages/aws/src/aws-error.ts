/** What is known of a failed request, without the answer itself. */
export interface AwsErrorDescription {
  /** The service's code, the code of a socket's error (`ECONNRESET`), or the error's name. */
  readonly code: string;
  /** The HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** At most 500 characters. Some services quote values in it: only for those that do not. */
  readonly message: string;
  readonly requestId: string | undefined;
}

/** Reads an error that an SDK client threw. */
export function describeAwsError(error: unknown): AwsErrorDescription {
  if (!(error instanceof Error)) {
    return {
      code: "UnknownError",
      status: undefined,
      message: `a thrown ${typeof error}`,
      requestId: undefined,
    };
  }
  const metadata: unknown = "$metadata" in error ? error.$metadata : undefined;
  const status = field(metadata, "httpStatusCode");
  const requestId = field(metadata, "requestId");
  const socketCode = field(error, "code");
  return {
    code: error.name === "Error" && typeof socketCode === "string" ? socketCode : error.name,
    status: typeof status === "number" ? status : undefined,
    message: error.message.slice(0, 500),
    requestId: typeof requestId === "string" ? requestId : undefined,
  };
}

/** How much of an error is shown. */
export interface SummaryOptions {
  /** The service, for readers of the log. */
  readonly service: string;
  /** Whether its message may be shown, or what of it: some services quote values. */
  readonly message: boolean | ((message: string) => string);
}

/**
 * An error of the SDK reduced to its code, status, request id and what may be shown of its message. The original carries the whole
 * answer, in which a service may repeat keys, signed requests and values.
 */
export function summaryOf(error: unknown, { service, message: shown }: SummaryOptions): Error {
  const { code, status, message, requestId } = describeAwsError(error);
  const about = [status === undefined ? "no answer" : `HTTP ${status}`];
  if (requestId !== undefined) about.push(`request ${requestId}`);
  const text = typeof shown === "function" ? shown(message) : message;
  const summary = new Error(`${service}: ${code}${shown === false ? "" : `: ${text}`} (${about.join(", ")})`);
  summary.name = code;
  // Where the SDK's own errors have it: for logs, which name the request.
  Object.defineProperty(summary, "$metadata", { value: { httpStatusCode: status, requestId } });
  return summary;
}

/** The cure where a request could not even be made: no region, no credentials. Undefined for everything that came back from afar. */
export function cureAtHome(error: unknown): string | undefined {
  const { code, message } = describeAwsError(error);
  if (message.startsWith("Region is missing")) return "set `region`, or AWS_REGION";
  if (code === "CredentialsProviderError") {
    return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role";
  }
  return undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
