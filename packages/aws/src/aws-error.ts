import { cureAtProxy } from "./proxy/proxy-failure.js";

/** Facts about a failed request, without the answer itself. */
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
  if (typeof status === "number" && UNREAD.has(error.name) && socketCode === undefined)
    return { code: FOREIGN, status, message: FOREIGN_WORDS, requestId: undefined };
  return {
    code: error.name === "Error" && typeof socketCode === "string" ? socketCode : error.name,
    status: typeof status === "number" ? status : undefined,
    message: error.message.slice(0, 500),
    requestId: typeof requestId === "string" ? requestId : undefined,
  };
}

/** The code of an answer that is none of the service's. */
const FOREIGN = "ForeignAnswer";
const FOREIGN_WORDS =
  "the answer is none of the service's: something in between, or at the endpoint in its place, gave it";
/** What the SDK throws of a body that is neither JSON nor XML. It quotes the body. */
const UNREAD: ReadonlySet<string> = new Set(["SyntaxError", "Error"]);

/**
 * Whether a failed request was answered by something else than the service, which names a code in each of its errors: a page of a gateway or a load balancer, or
 * nothing but a status. That says nothing about the request, and is an outage. Not for HEAD, whose answers have no body.
 */
export function isForeignAnswer(error: unknown): boolean {
  const { code, status } = describeAwsError(error);
  return status !== undefined && (code === FOREIGN || code === "Unknown");
}

/** Options of `summaryOf`. */
export interface SummaryOptions {
  /** The service, for readers of the log. */
  readonly service: string;
  /** Whether its message may be shown, or the part of it that may: some services quote values. */
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

/** Codes with which services of AWS refuse for the moment, whatever the status: `THROTTLING_ERROR_CODES` of @smithy/core, the same as those of botocore. */
const THROTTLED: ReadonlySet<string> = new Set([
  "BandwidthLimitExceeded",
  "EC2ThrottledException",
  "LimitExceededException",
  "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "SlowDown",
  "ThrottledException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "TransactionInProgressException",
]);

/**
 * What a service's code says of a request that may work later: `throttled` was not carried out, of `late` nobody knows. The SDK's client repeats both; undefined
 * for all other codes.
 */
export function laterBy(code: string): "throttled" | "late" | undefined {
  if (THROTTLED.has(code)) return "throttled";
  return code === "RequestTimeout" || code === "RequestTimeoutException" ? "late" : undefined;
}

/**
 * The kind of a failure that is about who signed and when, alike for every service of AWS.
 *
 * - `clock`: signed at another time than the service's own. The next signature, or a clock that is set, mends it.
 * - `absent`: no credentials can be had at present: their provider or the metadata service does not answer, or nobody set any.
 * - `expired`: the session's credentials are over; fresh ones may do.
 * - `wrong`: a key or a signature that the service does not know.
 */
export type IdentityFailure = "clock" | "absent" | "expired" | "wrong";

/** Codes of "Common errors" in the API references, of "Error responses" of S3, and of the SDK's credential providers. */
const IDENTITY: ReadonlyMap<string, IdentityFailure> = new Map([
  ["RequestTimeTooSkewed", "clock"],
  ["RequestInTheFuture", "clock"],
  ["RequestExpired", "clock"],
  ["CredentialsProviderError", "absent"],
  ["TokenProviderError", "absent"],
  ["ExpiredToken", "expired"],
  ["ExpiredTokenException", "expired"],
  ["TokenRefreshRequired", "expired"],
  ["UnrecognizedClientException", "wrong"],
  ["InvalidClientTokenId", "wrong"],
  ["InvalidAccessKeyId", "wrong"],
  ["InvalidToken", "wrong"],
  ["InvalidSecurity", "wrong"],
  ["InvalidSignatureException", "wrong"],
  ["SignatureDoesNotMatch", "wrong"],
  ["IncompleteSignature", "wrong"],
  ["IncompleteSignatureException", "wrong"],
  ["MissingAuthenticationToken", "wrong"],
  ["MissingAuthenticationTokenException", "wrong"],
]);

// "Signature expired: <date> is now earlier than <date>" and "Signature not yet current: <date> is still later than <date>"
// (IAM user guide, "Troubleshoot SigV4 signing"), under the same code as a wrong secret.
const BY_THE_CLOCK = /^Signature (?:expired|not yet current)\b/;

/** Whether a service's text says that a request was signed at another time than its own. For answers that no SDK client read. */
export function saysClockIsOff(message: string): boolean {
  return BY_THE_CLOCK.test(message);
}

/** Sorts a failure by what it says of clock and credentials; undefined where it says nothing of them. Pure. */
export function identityFailureOf(error: unknown): IdentityFailure | undefined {
  const { code, message } = describeAwsError(error);
  const failure = IDENTITY.get(code);
  if (failure === "wrong" && saysClockIsOff(message)) return "clock";
  // The SDK's plain error where a provider gave something else than keys.
  if (failure === undefined && message.startsWith("Resolved credential object is not valid")) return "absent";
  return failure;
}

/** The cure of a wrong key or signature, as a sentence. */
export const CREDENTIALS_CURE =
  "check the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, profile or role)";

/** The outcome of a failed request that says something of clock and credentials. */
export type IdentityOutcome =
  /** The session's credentials are over; fresh ones may do. */
  | { readonly kind: "expired" }
  /** A clock that is off is corrected or set, and credentials that are away come back: nothing was done with the request. */
  | { readonly kind: "retry" }
  | { readonly kind: "refused"; readonly cure: string };

/**
 * The outcome for an emitter of a failure that `identityFailureOf` knows, and of a proxy that asks for credentials; undefined for others, whose codes the
 * emitter looks at itself. Pure.
 */
export function identityOutcomeOf(error: unknown): IdentityOutcome | undefined {
  const atProxy = cureAtProxy(error);
  if (atProxy !== undefined) return { kind: "refused", cure: atProxy };
  const identity = identityFailureOf(error);
  if (identity === undefined) return undefined;
  if (identity === "wrong") return { kind: "refused", cure: CREDENTIALS_CURE };
  return { kind: identity === "expired" ? "expired" : "retry" };
}

/** Under these the SDK, too, looks for a clock that is off (`CLOCK_SKEW_ERROR_CODES` of @smithy/core). */
const MAYBE_CLOCK: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "AuthFailure",
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
]);

/**
 * Whether a request may have been refused for its time of signing. The client has corrected its clock by that very answer then, and the same
 * request is right the next time.
 *
 * The SDK marks such an error (`clockSkewCorrected`), but any other one as well while the machine's clock is off by four minutes, and none at
 * the moment at which the machine's clock has been set right. So the code and the text count too; an answer to HEAD has neither.
 */
export function isByTheClock(error: unknown): boolean {
  if (identityFailureOf(error) === "clock") return true;
  if (!(error instanceof Error) || !("$metadata" in error)) return false;
  if (field(error.$metadata, "clockSkewCorrected") !== true) return false;
  return MAYBE_CLOCK.has(error.name) || field(error.$metadata, "httpStatusCode") === 403;
}

/**
 * Makes a request, and once more at once when the first was refused for the machine's clock, which the client has corrected then. A second
 * refusal is what it says: credentials that are wrong stay wrong.
 */
export async function atCorrectedClock<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    if (!isByTheClock(error)) throw error;
    return await request();
  }
}

/** The cure of a session that is over where nothing fetches another one, as a sentence. */
export const RENEW_CURE = "renew the session's credentials";

/** The cure of a time of signing that is refused again and again, as a sentence. */
export const CLOCK_CURE = "set the machine's clock (NTP): AWS takes signatures of the last five minutes only";

/** Codes of OpenSSL and of Node for a certificate that is not taken (nodejs.org/api/tls.html, "X509 certificate error codes"). */
const CERTIFICATE =
  /^(?:(?:DEPTH_ZERO_)?SELF_SIGNED_CERT(?:_IN_CHAIN)?|UNABLE_TO_(?:GET_ISSUER_CERT(?:_LOCALLY)?|VERIFY_LEAF_SIGNATURE)|CERT_[A-Z_]+|ERR_TLS_CERT_ALTNAME_INVALID)$/;

/** The cure before anything has worked: what `cureAtHome` knows, and a certificate that is not taken. Once requests have worked, that is an outage. */
export function cureAtStart(error: unknown): string | undefined {
  const { code } = describeAwsError(error);
  if (!CERTIFICATE.test(code)) return cureAtHome(error);
  return `the certificate of the endpoint is not taken (${code}): where a proxy breaks TLS up, or the server is your own, put the certificate of its authority into a file, and name that in NODE_EXTRA_CA_CERTS`;
}

/** The cure where a request could not even be made: no region, no credentials, a proxy that refuses. Undefined for everything that came back from afar. */
export function cureAtHome(error: unknown): string | undefined {
  const { message } = describeAwsError(error);
  if (message.includes("Region is missing")) return "set `region`, or AWS_REGION";
  if (identityFailureOf(error) === "absent") {
    if (error instanceof Error && error.cause !== undefined)
      return "credentials are looked for, and who has them gives none: the cause says why";
    return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role";
  }
  return cureAtProxy(error);
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
