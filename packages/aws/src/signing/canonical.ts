/**
 * Headers that no signature holds for: proxies and agents in between may change them (`ALWAYS_UNSIGNABLE_HEADERS` of @smithy/signature-v4, with
 * those that begin with `proxy-` and `sec-`).
 */
const UNSIGNED: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "connection",
  "expect",
  "from",
  "keep-alive",
  "max-forwards",
  "pragma",
  "referer",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id",
]);

/** Whether a header belongs to what is signed. @param name - in lower case */
export function isSigned(name: string): boolean {
  return !UNSIGNED.has(name) && !name.startsWith("proxy-") && !name.startsWith("sec-");
}

const UNTIDY = /[\t\r\n]| {2}|^ | $/;

/** A header's value as the canonical request has it: one space for several, and none around it. */
export function canonicalValue(value: string): string {
  if (!UNTIDY.test(value)) return value;
  return value
    .replace(/[\r\n]/g, " ")
    .replace(/[ \t]+/g, " ")
    .replace(/^ | $/g, "");
}

/** Percent-encodes all but the unreserved characters (RFC 3986 section 2.3). */
export function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The path of a request as all services but S3 sign it: without empty and dotted segments, and encoded once more than it is sent. S3 signs it
 * as it is sent.
 */
export function escapedPath(path: string): string {
  if (path === "/") return path;
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  const isFolder = segments.length > 0 && path.endsWith("/");
  return `${path.startsWith("/") ? "/" : ""}${segments.map(escapeUri).join("/")}${isFolder ? "/" : ""}`;
}

/** The query of a request as it is signed, names in order. */
export function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [escapeUri(name), escapeUri(value)] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}
