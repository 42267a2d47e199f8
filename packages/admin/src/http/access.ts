import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { type AdminEnv, refused } from "./answers.js";
import { type AccessRules, isLoopback } from "./access-rules.js";

/**
 * Lets requests through that name this server as their `Host`: loopback, the address that they were sent to, or a name that was allowed. A page of a
 * browser whose own name was turned to this address (DNS rebinding) names itself there.
 */
export function knownHost({ allowedHosts }: AccessRules): MiddlewareHandler<AdminEnv> {
  return async (context, next) => {
    const { incoming } = context.env;
    const host = hostnameOf(incoming.headers.host);
    if (host !== undefined) {
      const isKnown = isLoopback(host) || host === addressOf(incoming.socket.localAddress);
      if (isKnown || allowedHosts.includes(host)) return next();
    }
    return refused(
      context,
      403,
      "host-refused",
      "the Host of this request is none of this server's: name it in the option allowedHosts",
    );
  };
}

/**
 * Refuses requests that a page of another origin makes. There is no CORS: such a page could not read an answer, but could ask for a change, or take up
 * all streams of events as the source of its pictures. A browser names the origin of some requests only, and of all of them whether it is another one.
 * Following a link to this server is a request of its user.
 */
export const sameOrigin: MiddlewareHandler<AdminEnv> = async (context, next) => {
  const { origin, host, ...headers } = context.env.incoming.headers;
  const site = headers["sec-fetch-site"] ?? "none";
  const isOwn =
    site === "none" ||
    site === "same-origin" ||
    (headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document");
  if (isOwn && (origin === undefined || hostOfOrigin(origin) === host?.toLowerCase())) return next();
  return refused(
    context,
    403,
    "origin-refused",
    "this request was made by a page of another origin: there is no CORS here",
  );
};

/**
 * Lets requests through that carry the token, and those that read where there is none: without a token this server is for reading only, on loopback
 * only.
 */
export function bearer(rules: AccessRules): MiddlewareHandler<AdminEnv> {
  const [token, readToken] = [digestOf(rules.token), digestOf(rules.readToken)];
  return async (context, next) => {
    const { method } = context.req;
    const isReading = method === "GET" || method === "HEAD";
    if (token === undefined && readToken === undefined && isReading) return next();
    const given = digestOf(bearerOf(context));
    if (isSame(given, token)) {
      context.set("access", "allowed");
      return next();
    }
    if (isSame(given, readToken)) {
      context.set("access", "read-only");
      if (isReading) return next();
      return refused(
        context,
        403,
        "token-reads-only",
        "the readToken is for GET only: a change takes the token",
      );
    }
    const cure = cureOf(rules, isReading);
    return refused(context, 401, given === undefined ? "token-missing" : "token-refused", cure, {
      "WWW-Authenticate": "Bearer",
    });
  };
}

/** What somebody without a token may do about it. */
function cureOf({ token, tokenIsInAddress }: AccessRules, isReading: boolean): string {
  if (tokenIsInAddress === true)
    return "open the address that was printed at the start, with all that is behind #: the token is there";
  if (token !== undefined) return "send the token of this process as Authorization: Bearer";
  return isReading
    ? "send the readToken of this process as Authorization: Bearer"
    : "this process has no token for changes: start it with the option token, or with KC_ADMIN_TOKEN";
}

/** The name or address in a `Host`, without its port, brackets and last dot; undefined where it is none. */
function hostnameOf(host: string | undefined): string | undefined {
  const found = /^(?:\[([0-9a-f:.]{2,45})\]|([^:[\]/@?#\s]{1,253}))(?::\d{1,5})?$/i.exec(host ?? "");
  return (found?.[1] ?? found?.[2])?.toLowerCase().replace(/\.$/, "");
}

/** An address as `Host` names it: that of IPv4 without what IPv6 sets before it. */
function addressOf(address: string | undefined): string | undefined {
  return address?.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
}

function hostOfOrigin(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function bearerOf(context: Context<AdminEnv>): string | undefined {
  return /^bearer +(\S+) *$/i.exec(context.env.incoming.headers.authorization ?? "")?.[1];
}

/** Two digests take as long to compare wherever they differ, and are as long whatever they are of. */
function digestOf(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : createHash("sha256").update(text).digest();
}

function isSame(given: Buffer | undefined, wanted: Buffer | undefined): boolean {
  return given !== undefined && wanted !== undefined && timingSafeEqual(given, wanted);
}
