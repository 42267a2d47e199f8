import { HttpFormatError } from "./http-format-error.js";

/** How the end of a body is known (RFC 9112 section 6.3). */
type BodyFraming =
  | { readonly type: "length"; readonly bytes: number }
  | { readonly type: "chunked" }
  | { readonly type: "until-close" };

/** Status line and headers of an answer. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly reason: string;
  /** Names in lower case; a header that comes several times is joined by ", ". */
  readonly headers: Record<string, string>;
  readonly framing: BodyFraming;
  /** Whether the connection can carry another request afterwards. */
  readonly keepsAlive: boolean;
}

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/;
/** RFC 9110 section 5.6.2: `token`. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Reads a head without its last empty line. Pure.
 * @throws HttpFormatError for everything that could be understood in two ways
 */
export function readResponseHead(text: string): ResponseHead {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const [, minor, status = "", reason = ""] = STATUS_LINE.exec(statusLine) ?? [];
  if (minor === undefined) throw new HttpFormatError("does not begin with a status line of HTTP/1");
  const named = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    // Also what RFC 9112 section 5.2 calls line folding: an old form in which a header's value can hide another header.
    if (!NAME.test(name)) throw new HttpFormatError("has a line among its headers that is none");
    const value = line.slice(colon + 1).trim();
    const before = named.get(name);
    named.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const statusCode = Number(status);
  const framing = framingOf(statusCode, named);
  const connection = named.get("connection")?.toLowerCase() ?? "";
  const saysKeep = minor === "1" ? !connection.includes("close") : connection.includes("keep-alive");
  return {
    statusCode,
    reason,
    // Not by assignment: a header may be called __proto__.
    headers: Object.fromEntries(named),
    framing,
    // Both lengths at once are how requests are smuggled: read as chunked, and nothing more over this connection (RFC 9112 section 6.3).
    keepsAlive:
      saysKeep &&
      framing.type !== "until-close" &&
      !(named.has("transfer-encoding") && named.has("content-length")),
  };
}

function framingOf(statusCode: number, headers: ReadonlyMap<string, string>): BodyFraming {
  if (statusCode < 200 || statusCode === 204 || statusCode === 304) return { type: "length", bytes: 0 };
  const encoding = headers.get("transfer-encoding");
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== "chunked")
      throw new HttpFormatError("has a transfer encoding that was not asked for");
    return { type: "chunked" };
  }
  const length = headers.get("content-length");
  if (length === undefined) return { type: "until-close" };
  // Several lengths that agree are allowed to count once (RFC 9110 section 8.6).
  const [first = "", ...others] = length.split(",").map((value) => value.trim());
  if (!/^\d{1,15}$/.test(first) || others.some((other) => other !== first))
    throw new HttpFormatError("has a length that is no number");
  return { type: "length", bytes: Number(first) };
}
