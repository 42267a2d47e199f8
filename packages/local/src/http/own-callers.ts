import type { LoopbackRequest } from "./exchange.js";

/**
 * Names under which this machine reaches itself, and host names of AWS, which resolve here only for who was told to ask here. Any other name may have been
 * made to resolve to 127.0.0.1 by a page in this machine's browser, which would then read what is served here as its own (DNS rebinding).
 */
const OWN_HOST =
  /^(?:(?:.+\.)?localhost|(?:.+\.)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|(?:.+\.)?amazonaws\.com(?:\.cn)?|(?:.+\.)?api\.aws)$/;

/** The `Host` of a request that is not for this machine; undefined for all that may be answered. */
export function foreignHost({ headers }: LoopbackRequest): string | undefined {
  // HTTP/2 says it in a field of its own. Who names none is no browser.
  const host = String(headers[":authority"] ?? headers.host ?? "127.0.0.1");
  const name = host.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
  return OWN_HOST.test(name) ? undefined : host;
}

/** Whether a page in a browser sent it: only they name an origin. */
export function isOfPage({ headers }: LoopbackRequest): boolean {
  return headers.origin !== undefined;
}
