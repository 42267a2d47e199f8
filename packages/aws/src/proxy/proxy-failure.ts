import type { Proxy, ProxyTarget } from "./proxy.js";

/** The name of the error with which a proxy that asks for credentials, or for others, refuses. */
const REFUSED = "ProxyAuthenticationRequired";
/** What to do then. */
export const PROXY_CURE =
  "put the user and password that it takes into the URL of the option proxy, or of HTTPS_PROXY";

/** A proxy that answers 407 (RFC 9110 section 15.5.8): no repetition mends it. */
export function proxyRefused({ shown, authorization }: Proxy): Error {
  const what = authorization === undefined ? "asks for credentials" : "does not take these credentials";
  return named(REFUSED, `the proxy ${shown} ${what} (407)`);
}

/** A proxy that answers anything else than 2xx: what is behind it is away, or it may not be reached. */
export function proxyAnswered({ shown }: Proxy, target: ProxyTarget, status: number): Error {
  return named(
    "ProxyError",
    `the proxy ${shown} opens no way to ${target.hostname}:${target.port} (HTTP ${status})`,
  );
}

/** A proxy that cannot be reached, hangs up, or does not speak HTTP. */
export function proxyAway({ shown }: Proxy, target: ProxyTarget, cause: unknown): Error {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
  const error = named(
    "ProxyError",
    `the proxy ${shown} opened no way to ${target.hostname}:${target.port} (${typeof code === "string" ? code : "no answer"})`,
    { cause },
  );
  return typeof code === "string" ? Object.assign(error, { code }) : error;
}

/**
 * What to do where a proxy refuses for want of credentials; undefined for every other failure. Some clients keep nothing of an error but its
 * message: it is known by that as well.
 */
export function cureAtProxy(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const said = /the proxy \S+ (?:asks for|does not take these) credentials \(407\)/u.exec(error.message)?.[0];
  return said === undefined ? undefined : `${said}: ${PROXY_CURE}`;
}

/** What is said of a proxy that opened no way, where a failure is that; it holds nothing of the request. For clients that keep the message alone. */
export function saidOfProxy(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return /the proxy \S+ open(?:s|ed) no way to \S+ \([^()]{1,60}\)/u.exec(error.message)?.[0];
}

function named(name: string, message: string, options?: ErrorOptions): Error {
  const error = new Error(message, options);
  error.name = name;
  return error;
}
